// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { NamedValue } from "./NamedValue";

/**
 * The values of a template.
 */
export type ValueList = { 
/**
 * As Packer's console prints them.
 */
text: string, 
/**
 * Its variables.
 */
variables: Array<NamedValue>, 
/**
 * Its locals.
 */
locals: Array<NamedValue>, };
