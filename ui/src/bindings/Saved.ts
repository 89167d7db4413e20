// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What was written.
 */
export type Saved = { 
/**
 * The files written.
 */
files: Array<string>, 
/**
 * Files whose text still differs from what is on disk.
 */
dirty: Array<string>, };
