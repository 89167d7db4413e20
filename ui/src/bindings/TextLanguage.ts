// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What language a text without a file name is in.
 */
export type TextLanguage = "guess" | "hcl" | "json";
