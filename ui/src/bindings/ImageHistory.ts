// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { HistoryEntry } from "./HistoryEntry";

/**
 * What happened to an image.
 */
export type ImageHistory = { 
/**
 * Oldest first.
 */
entries: Array<HistoryEntry>, };
