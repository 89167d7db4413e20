// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * How much a diagnostic matters.
 */
export type Severity = "error" | "warning" | "info";
