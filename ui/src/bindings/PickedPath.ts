// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What the user chose.
 */
export type PickedPath = { 
/**
 * The path; absent when the dialog was dismissed.
 */
path: string | null, };
