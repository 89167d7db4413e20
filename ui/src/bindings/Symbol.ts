// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { SymbolKind } from "./SymbolKind";

/**
 * Something with a name that other places refer to.
 */
export type Symbol = { 
/**
 * What it is.
 */
kind: SymbolKind, 
/**
 * The name; of sources and data sources with the type before it: `qemu.web`.
 */
name: string, };
