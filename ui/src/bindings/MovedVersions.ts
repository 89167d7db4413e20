// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Versions that moved to the trash or back.
 */
export type MovedVersions = { 
/**
 * As `name@version`.
 */
versions: Array<string>, };
