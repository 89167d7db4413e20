// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Diagnostic } from "./Diagnostic";

/**
 * A template that was brought up to date.
 */
export type FixedTemplate = { 
/**
 * As Packer prints it: sorted.
 */
sorted: string, 
/**
 * The text with only the fixes changed.
 */
edited: string, 
/**
 * The names of the fixes that changed something.
 */
applied: Array<string>, 
/**
 * What is still wrong with its structure.
 */
diagnostics: Array<Diagnostic>, };
