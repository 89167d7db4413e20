// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * The id of a version, unique also among libraries.
 */
export type VersionId = string;
