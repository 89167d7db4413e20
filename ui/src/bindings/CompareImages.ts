// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Which versions to compare.
 */
export type CompareImages = { 
/**
 * The first.
 */
left: string, 
/**
 * The second.
 */
right: string, };
