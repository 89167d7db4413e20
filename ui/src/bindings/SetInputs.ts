// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { TemplateInputs } from "./TemplateInputs";

/**
 * Sets the values an open template is read with.
 */
export type SetInputs = { 
/**
 * The open template.
 */
session: string, 
/**
 * The values.
 */
inputs: TemplateInputs, };
