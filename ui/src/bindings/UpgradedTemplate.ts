// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Diagnostic } from "./Diagnostic";

/**
 * A JSON template in HCL.
 */
export type UpgradedTemplate = { 
/**
 * The text of a `*.pkr.hcl` file.
 */
text: string, 
/**
 * What a person should look at.
 */
notes: Array<string>, 
/**
 * What is wrong with it, as it was with the JSON template.
 */
diagnostics: Array<Diagnostic>, 
/**
 * Where it was written.
 */
written: string | null, };
