// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Place } from "./Place";

/**
 * A second place that explains the first, such as the declaration a duplicate clashes with.
 */
export type Related = { 
/**
 * What is there.
 */
message: string, 
/**
 * Where it is.
 */
place: Place, };
