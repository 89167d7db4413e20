// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A release.
 */
export type Release = { 
/**
 * When.
 */
at: string, 
/**
 * What is new.
 */
notes: string | null, };
