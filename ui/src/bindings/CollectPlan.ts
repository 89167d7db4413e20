// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { CollectItem } from "./CollectItem";

/**
 * What a collection would do.
 */
export type CollectPlan = { 
/**
 * Every version that still has bytes.
 */
items: Array<CollectItem>, 
/**
 * Bytes that leave the disk, at most.
 */
frees: number, 
/**
 * Bytes moved to the trash, to be freed when it is emptied.
 */
trashes: number, };
