// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Place } from "./Place";

/**
 * A few words about something, as a popup shows them.
 */
export type Note = { 
/**
 * What it is called, or its signature.
 */
title: string, 
/**
 * Type, default and unit in one line.
 */
detail: string | null, 
/**
 * What there is to say, a paragraph each.
 */
text: Array<string>, 
/**
 * Its value, secrets masked.
 */
value: string | null, 
/**
 * Where it is declared.
 */
declared: Place | null, };
