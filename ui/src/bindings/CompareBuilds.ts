// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Compares two builds.
 */
export type CompareBuilds = { 
/**
 * The earlier one.
 */
before: string, 
/**
 * The later one.
 */
after: string, };
