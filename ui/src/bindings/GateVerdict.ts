// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * The answer of one check, or of all of them.
 */
export type GateVerdict = "ok" | "unknown" | "blocked" | "forbidden";
