// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { DocumentSymbol } from "./DocumentSymbol";
import type { Fold } from "./Fold";

/**
 * The shape of a file.
 */
export type FileShape = { 
/**
 * What it declares.
 */
symbols: Array<DocumentSymbol>, 
/**
 * What can be folded.
 */
folds: Array<Fold>, };
