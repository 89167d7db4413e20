// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A position as a text editor counts it: lines from 0, columns in UTF-16 units from 0.
 */
export type Utf16Position = { 
/**
 * Line, from 0.
 */
line: number, 
/**
 * Column in UTF-16 code units, from 0.
 */
column: number, };
