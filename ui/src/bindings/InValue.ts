// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A place in the value of an argument, as a form field holds it.
 */
export type InValue = { 
/**
 * The open template.
 */
session: string, 
/**
 * The block's id in the outline.
 */
block: string, 
/**
 * The argument.
 */
name: string, 
/**
 * The text of the field.
 */
text: string, 
/**
 * Where in it, in UTF-16 units from its start.
 */
at: number, };
