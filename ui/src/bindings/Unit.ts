// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a progress counts.
 */
export type Unit = "bytes" | "percent" | "items";
