// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Completions } from "./Completions";

/**
 * What can be written at a place.
 */
export type CompletionAnswer = { 
/**
 * The completions; none where nothing is known.
 */
completions: Completions | null, };
