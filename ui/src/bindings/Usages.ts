// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Place } from "./Place";
import type { Symbol } from "./Symbol";
import type { Usage } from "./Usage";

/**
 * Where something is declared and used.
 */
export type Usages = { 
/**
 * What it is; nothing when the place names nothing.
 */
symbol: Symbol | null, 
/**
 * Where its name stands at the place that was asked about.
 */
place: Place | null, 
/**
 * Every place that declares or uses it.
 */
usages: Array<Usage>, };
