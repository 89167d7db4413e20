// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { TemplateInputs } from "./TemplateInputs";

/**
 * Opens a template file or folder.
 */
export type OpenTemplate = { 
/**
 * A file (`*.pkr.hcl`, `*.pkr.json`, `*.json`) or a folder of them.
 */
path: string, 
/**
 * The values it is read with.
 */
inputs: TemplateInputs, 
/**
 * Whether it appears among the recent templates.
 */
remember: boolean, };
