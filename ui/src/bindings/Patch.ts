// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Utf16Position } from "./Utf16Position";

/**
 * One piece of text that changes, in terms of the document before the change.
 */
export type Patch = { 
/**
 * Which file.
 */
file: string, 
/**
 * First byte replaced.
 */
start: number, 
/**
 * Byte after the last one replaced.
 */
end: number, 
/**
 * `start` as a text editor counts.
 */
from: Utf16Position, 
/**
 * `end` as a text editor counts.
 */
to: Utf16Position, 
/**
 * The new text.
 */
text: string, };
