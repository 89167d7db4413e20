// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Diagnostic } from "./Diagnostic";

/**
 * What checking a template found.
 */
export type Validation = { 
/**
 * Whether a build could start: no error.
 */
valid: boolean, 
/**
 * How many errors.
 */
errors: number, 
/**
 * How many warnings.
 */
warnings: number, 
/**
 * Everything found, worst first.
 */
diagnostics: Array<Diagnostic>, 
/**
 * The full names of the builds it describes, after `only` and `except`.
 */
jobs: Array<string>, };
