// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { By } from "./By";

/**
 * One thing that happened to an image.
 */
export type HistoryEntry = { 
/**
 * The event's number.
 */
seq: number, 
/**
 * When.
 */
at: string, 
/**
 * What, for example `web@3 was released`.
 */
what: string, 
/**
 * Who and why, where that was recorded.
 */
by: By | null, };
