// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Channel } from "./Channel";
import type { ExportFact } from "./ExportFact";
import type { Version } from "./Version";

/**
 * Everything that a revocation would touch.
 */
export type Blast = { 
/**
 * Versions made from it, directly or not.
 */
descendants: Array<Version>, 
/**
 * Channels that point to it or to one of those.
 */
channels: Array<Channel>, 
/**
 * Copies of any of them outside the library.
 */
exports: Array<ExportFact>, };
