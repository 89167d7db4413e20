// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Decides what becomes of the texts an earlier session did not save.
 */
export type RecoverTemplate = { 
/**
 * The open template.
 */
session: string, 
/**
 * Whether they come back, as one step of undo; else they are forgotten.
 */
restore: boolean, };
