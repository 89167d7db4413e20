// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Diagnostic } from "./Diagnostic";

/**
 * The value of an expression.
 */
export type Evaluated = { 
/**
 * As Packer's console prints it. Absent when it cannot be evaluated.
 */
text: string | null, 
/**
 * As JSON; secrets masked, what only the build knows by name.
 */
value: unknown, 
/**
 * What is wrong with the expression.
 */
diagnostics: Array<Diagnostic>, };
