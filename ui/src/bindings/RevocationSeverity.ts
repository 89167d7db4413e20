// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * How bad it is to go on using a revoked version.
 */
export type RevocationSeverity = "low" | "medium" | "high" | "critical";
