// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * The call the cursor is in.
 */
export type Signature = { 
/**
 * `join(string, list...)`
 */
label: string, 
/**
 * What it does.
 */
help: string | null, 
/**
 * Where the parameters stand in the label: first byte and byte after.
 */
parameters: Array<[number, number]>, 
/**
 * The parameter the cursor is in, from 0; beyond the last one there is none.
 */
active: number | null, };
