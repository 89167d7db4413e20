// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { TemplateInputs } from "./TemplateInputs";
import type { TextLanguage } from "./TextLanguage";

/**
 * Opens a template from a text.
 */
export type OpenText = { 
/**
 * The text.
 */
text: string, 
/**
 * Its language.
 */
language: TextLanguage, 
/**
 * The values it is read with.
 */
inputs: TemplateInputs, };
