// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { CompletionItem } from "./CompletionItem";

/**
 * What can be written in a field.
 */
export type ValueCompletions = { 
/**
 * Where the word starts that a completion replaces, in UTF-16 units.
 */
from: number, 
/**
 * What can be written.
 */
items: Array<CompletionItem>, };
