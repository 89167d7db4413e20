// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Whose matter a failure is.
 */
export type FailureKind = "input" | "environment" | "guest" | "cancelled" | "internal";
