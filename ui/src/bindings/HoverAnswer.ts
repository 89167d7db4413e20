// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Hover } from "./Hover";

/**
 * What is known about a place.
 */
export type HoverAnswer = { 
/**
 * What is known, if anything.
 */
hover: Hover | null, };
