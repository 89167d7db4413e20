// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Place } from "./Place";
import type { SymbolRole } from "./SymbolRole";

/**
 * Something a document declares.
 */
export type DocumentSymbol = { 
/**
 * What to call it.
 */
name: string, 
/**
 * The kind of block it is.
 */
detail: string, 
/**
 * What it is.
 */
role: SymbolRole, 
/**
 * All of it.
 */
place: Place, 
/**
 * Its name, or the header of the block.
 */
name_place: Place, 
/**
 * What is in it.
 */
children: Array<DocumentSymbol>, };
