// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Difference } from "./Difference";

/**
 * Two versions beside each other.
 */
export type Comparison = { 
/**
 * `name@number` of the first.
 */
left: string, 
/**
 * `name@number` of the second.
 */
right: string, 
/**
 * Whether a guest sees the same bytes.
 */
same_content: boolean, 
/**
 * What is recorded otherwise of the one than of the other; what is the same is left out.
 */
differences: Array<Difference>, 
/**
 * How each step's time changed by a second and a tenth or more: step, then milliseconds.
 */
times: Array<Difference>, };
