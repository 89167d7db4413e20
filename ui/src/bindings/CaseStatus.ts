// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * How a case ended.
 */
export type CaseStatus = "passed" | "failed" | "error" | "skipped";
