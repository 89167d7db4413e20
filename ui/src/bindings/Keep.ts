// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * One of two texts.
 */
export type Keep = "mine" | "theirs";
