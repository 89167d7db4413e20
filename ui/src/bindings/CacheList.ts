// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { CacheEntry } from "./CacheEntry";

/**
 * Everything builds remember, the last used first.
 */
export type CacheList = { 
/**
 * One row each.
 */
entries: Array<CacheEntry>, 
/**
 * Bytes they take together.
 */
bytes: number, 
/**
 * Checkpoints may take so many.
 */
limit: number, };
