// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A checksum that stands in a list.
 */
export type CheckedChecksum = { 
/**
 * The build.
 */
job: string, 
/**
 * Where the list is.
 */
list: string, 
/**
 * The digest found, as `sha256:...`.
 */
digest: string | null, 
/**
 * Why there is none.
 */
problem: string | null, };
