// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What differs in one file.
 */
export type FileDifference = { 
/**
 * The file.
 */
file: string, 
/**
 * From what it was to what is in the window, as a unified diff.
 */
difference: string, };
