// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Something recorded of one version or of both.
 */
export type Difference = { 
/**
 * What it is about.
 */
about: string, 
/**
 * What the first version has; nothing where it has none.
 */
left: string | null, 
/**
 * What the second has.
 */
right: string | null, };
