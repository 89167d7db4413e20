// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Comparison } from "./Comparison";

/**
 * Two versions beside each other.
 */
export type ComparedImages = { 
/**
 * What is recorded otherwise.
 */
comparison: Comparison, 
/**
 * What changed in the template's files, as unified diffs by file name; files that are the same are left out.
 */
templates: { [key in string]: string }, };
