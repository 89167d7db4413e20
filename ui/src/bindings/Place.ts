// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Where something is: a range in one file.
 *
 * Lines and columns count from 1; columns count characters (Unicode scalar values), as people and
 * terminals do. Byte offsets count from 0 and include a byte order mark if the file has one. The
 * UTF-16 columns of a text editor are computed by [`crate::Document::utf16`].
 */
export type Place = { 
/**
 * The file as it was named when the project was opened.
 */
file: string, 
/**
 * First line, from 1.
 */
line: number, 
/**
 * First column, from 1, in characters.
 */
column: number, 
/**
 * Line on which the range ends, from 1.
 */
end_line: number, 
/**
 * Column just after the last character, from 1.
 */
end_column: number, 
/**
 * First byte, from 0.
 */
start: number, 
/**
 * Byte just after the range.
 */
end: number, };
