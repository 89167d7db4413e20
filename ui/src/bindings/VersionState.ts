// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A version in the library.
 */
export type VersionState = { 
/**
 * Of which image.
 */
image: string, 
/**
 * Its number.
 */
number: number, 
/**
 * Identity of the content.
 */
digest: string, };
