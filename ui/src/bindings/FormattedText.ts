// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Diagnostic } from "./Diagnostic";

/**
 * A text in canonical format.
 */
export type FormattedText = { 
/**
 * The text; as it was when it has errors.
 */
text: string, 
/**
 * Whether it differs from what it was.
 */
changed: boolean, 
/**
 * What keeps it from being formatted.
 */
diagnostics: Array<Diagnostic>, };
