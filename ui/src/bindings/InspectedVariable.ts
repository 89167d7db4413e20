// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A variable a template declares.
 */
export type InspectedVariable = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its type, such as `string`.
 */
type_name: string, 
/**
 * Its value; `<sensitive>` when it is, absent when it has none yet.
 */
value: string | null, 
/**
 * What its author says of it.
 */
description: string | null, 
/**
 * Whether its value is a secret.
 */
sensitive: boolean, };
