// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Fate } from "./Fate";
import type { VersionId } from "./VersionId";

/**
 * A version, its fate and the reason.
 */
export type CollectItem = { 
/**
 * The version.
 */
id: VersionId, 
/**
 * `name@number`.
 */
name: string, 
/**
 * What happens to it.
 */
fate: Fate, 
/**
 * Why.
 */
why: string, 
/**
 * Bytes its files occupy on the disk; what they share with other files by reflink is counted in full.
 */
occupies: number, };
