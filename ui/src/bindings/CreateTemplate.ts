// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Makes a new template from a starter.
 */
export type CreateTemplate = { 
/**
 * The starter's id.
 */
starter: string, 
/**
 * The folder to make; must not exist or be empty.
 */
directory: string, };
