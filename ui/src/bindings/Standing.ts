// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Where a version stands.
 */
export type Standing = "built" | "quarantined" | "tested" | "released" | "deprecated" | "revoked" | "retired";
