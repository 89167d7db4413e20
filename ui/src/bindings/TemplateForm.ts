// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * The form of one block.
 */
export type TemplateForm = { 
/**
 * The open template.
 */
session: string, 
/**
 * The block's id in the outline.
 */
block: string, };
