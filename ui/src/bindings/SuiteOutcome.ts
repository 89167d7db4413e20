// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a test suite said of a version.
 */
export type SuiteOutcome = "pass" | "fail" | "error";
