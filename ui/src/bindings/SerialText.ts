// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A piece of a serial console.
 */
export type SerialText = { 
/**
 * The text, at most 256 KiB.
 */
text: string, 
/**
 * Ask from here next.
 */
next: number, 
/**
 * How many bytes there are now.
 */
total: number, };
