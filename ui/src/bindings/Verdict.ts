// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * How a check came out.
 */
export type Verdict = "ok" | "warning" | "failed";
