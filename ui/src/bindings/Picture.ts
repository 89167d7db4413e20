// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A picture.
 */
export type Picture = { 
/**
 * The file's name; absent when there is no picture yet.
 */
file: string | null, 
/**
 * A PNG in base64; empty when there is no picture yet.
 */
png: string, };
