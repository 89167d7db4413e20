// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Protection from retirement and collection.
 */
export type Hold = { 
/**
 * Since when.
 */
at: string, 
/**
 * Why.
 */
reason: string | null, 
/**
 * Until when; forever when absent.
 */
until: string | null, };
