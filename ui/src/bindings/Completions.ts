// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { CompletionItem } from "./CompletionItem";
import type { Place } from "./Place";

/**
 * What can be written at a place.
 */
export type Completions = { 
/**
 * What is replaced: from the start of the word to the cursor.
 */
replace: Place, 
/**
 * What it can be replaced by.
 */
items: Array<CompletionItem>, };
