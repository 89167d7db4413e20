// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Utf16Position } from "./Utf16Position";

/**
 * A range of the text of a document.
 */
export type EditRange = { "unit": "bytes", 
/**
 * First byte.
 */
start: number, 
/**
 * Byte after.
 */
end: number, } | { "unit": "utf16", 
/**
 * Where it starts.
 */
start: Utf16Position, 
/**
 * Where it ends.
 */
end: Utf16Position, };
