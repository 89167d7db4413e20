// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A file to be saved under a name.
 */
export type Snippet = { 
/**
 * The file's name.
 */
name: string, 
/**
 * Its text.
 */
text: string, };
