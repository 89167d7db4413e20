// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Place } from "./Place";

/**
 * One piece of a [`Fix`]: the text of `place` becomes `text`.
 */
export type Replacement = { 
/**
 * What is replaced; an empty range inserts.
 */
place: Place, 
/**
 * The new text.
 */
text: string, };
