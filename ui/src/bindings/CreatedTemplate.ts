// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A template that was made.
 */
export type CreatedTemplate = { 
/**
 * Open this.
 */
path: string, };
