// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a symbol is; decides its icon.
 */
export type SymbolRole = "block" | "value" | "step";
