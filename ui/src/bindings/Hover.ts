// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Note } from "./Note";
import type { Place } from "./Place";

/**
 * What is known about a place.
 */
export type Hover = { 
/**
 * What is said.
 */
note: Note, 
/**
 * About what.
 */
place: Place, };
