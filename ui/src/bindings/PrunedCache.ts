// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { CacheEntry } from "./CacheEntry";

/**
 * What was removed.
 */
export type PrunedCache = { 
/**
 * These.
 */
removed: Array<CacheEntry>, 
/**
 * Bytes that are free now.
 */
bytes: number, };
