// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * How something ended.
 */
export type Outcome = "succeeded" | "failed" | "cancelled" | "skipped";
