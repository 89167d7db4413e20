// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Diagnostic } from "./Diagnostic";
import type { FormattedFile } from "./FormattedFile";

/**
 * Files that were looked at.
 */
export type FormattedFiles = { 
/**
 * How many were looked at.
 */
looked_at: number, 
/**
 * Those that are not in canonical format, or were not before.
 */
changed: Array<FormattedFile>, 
/**
 * What keeps files from being formatted: they are left alone.
 */
diagnostics: Array<Diagnostic>, };
