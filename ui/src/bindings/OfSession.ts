// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Names a session.
 */
export type OfSession = { 
/**
 * The open template.
 */
session: string, };
