// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * One file of a template.
 */
export type DocumentText = { 
/**
 * Its path, as places and edits name it.
 */
file: string, 
/**
 * Its text. Line breaks are as in the file.
 */
text: string, 
/**
 * Whether it cannot be edited here (it is not UTF-8).
 */
read_only: boolean, };
