// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Brings a JSON template up to date.
 */
export type FixTemplate = { 
/**
 * The file. Absent for a text.
 */
path: string | null, 
/**
 * The text, where there is no file.
 */
text: string | null, 
/**
 * Whether the file is written, with only the fixes changed.
 */
write: boolean, };
