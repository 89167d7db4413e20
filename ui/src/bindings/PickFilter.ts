// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A kind of file a dialog offers.
 */
export type PickFilter = { 
/**
 * What to call it.
 */
name: string, 
/**
 * File name extensions, without the dot.
 */
extensions: Array<string>, };
