// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Names an image or a version: `debian-base`, `debian-base@3`, `debian-base@latest`.
 */
export type OfImage = { 
/**
 * The name.
 */
image: string, };
