// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Room on the disk, in bytes.
 */
export type Space = { 
/**
 * At most so much will be written.
 */
needed: number, 
/**
 * So much is free where it will be written, when that is known.
 */
free: number | null, };
