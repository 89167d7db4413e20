// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What kind of thing is remembered.
 */
export type CacheKind = "checkpoint" | "packages";
