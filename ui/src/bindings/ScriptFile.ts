// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A script file.
 */
export type ScriptFile = { 
/**
 * Where it is.
 */
path: string, 
/**
 * What is in it; absent when it cannot be read as text.
 */
text: string | null, };
