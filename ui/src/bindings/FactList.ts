// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { BuildState } from "./BuildState";
import type { Entry } from "./Entry";

/**
 * Facts and what they add up to.
 */
export type FactList = { 
/**
 * The facts asked for.
 */
entries: Array<Entry>, 
/**
 * What all facts so far add up to.
 */
state: BuildState, };
