// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Texts that were not saved when an earlier session ended.
 */
export type Recovery = { 
/**
 * When they were kept last, in milliseconds since 1970.
 */
at_ms: number, 
/**
 * The files.
 */
files: Array<string>, };
