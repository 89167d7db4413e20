// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What happens to a version in a collection.
 */
export type Fate = "keep" | "trash" | "purge";
