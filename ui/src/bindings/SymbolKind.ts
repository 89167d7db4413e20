// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a name can stand for.
 */
export type SymbolKind = "variable" | "local" | "source" | "data";
