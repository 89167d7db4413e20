// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Unit } from "./Unit";

/**
 * How far a step is.
 */
export type ProgressState = { 
/**
 * So many.
 */
done: number, 
/**
 * Of so many, where that is known.
 */
total: number | null, 
/**
 * Of these.
 */
unit: Unit, };
