// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Place } from "./Place";

/**
 * One place where something is declared or used.
 */
export type Usage = { 
/**
 * Where its name stands.
 */
place: Place, 
/**
 * Whether it is declared there.
 */
declaration: boolean, 
/**
 * The line, without the space around it.
 */
text: string, };
