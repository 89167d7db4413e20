// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Where the bytes of a version are in their life.
 */
export type BytesState = "present" | "trashed" | "purged";
