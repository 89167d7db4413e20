// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A file to be fetched.
 */
export type PlannedDownload = { 
/**
 * Tried in order.
 */
urls: Array<string>, 
/**
 * `sha256:…`, `file:…` or `none`.
 */
checksum: string, 
/**
 * Where it will be kept.
 */
to: string, 
/**
 * Bytes, when known.
 */
size: number | null, };
