// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A file of an open template.
 */
export type OfFile = { 
/**
 * The open template.
 */
session: string, 
/**
 * The file.
 */
file: string, };
