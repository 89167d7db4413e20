// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Brings a text into canonical format.
 */
export type FormatText = { 
/**
 * The text.
 */
text: string, };
