// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A value with its name.
 */
export type NamedValue = { 
/**
 * Its name.
 */
name: string, 
/**
 * The value; secrets masked.
 */
value: unknown, };
