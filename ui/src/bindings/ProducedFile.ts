// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A file a build made.
 */
export type ProducedFile = { 
/**
 * Absolute path.
 */
path: string, 
/**
 * Bytes.
 */
size: number, };
