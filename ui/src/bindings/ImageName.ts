// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * The name of an image: 1 to 100 of `A-Z a-z 0-9 . _ -`, starting with a letter or digit.
 *
 * It is also the name of a folder in the library, so nothing else is let in.
 */
export type ImageName = string;
