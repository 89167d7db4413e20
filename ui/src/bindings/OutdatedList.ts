// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Outdated } from "./Outdated";

/**
 * Images that should be made again.
 */
export type OutdatedList = { 
/**
 * Parents before what is made from them.
 */
images: Array<Outdated>, };
