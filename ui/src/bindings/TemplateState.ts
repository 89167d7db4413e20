// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Diagnostic } from "./Diagnostic";
import type { DocumentText } from "./DocumentText";
import type { Outline } from "./Outline";
import type { TemplateInputs } from "./TemplateInputs";

/**
 * Everything the window shows of an open template.
 */
export type TemplateState = { 
/**
 * The revision the rest describes; edits name it as their base.
 */
revision: number, 
/**
 * Every file of the template, with its text.
 */
documents: Array<DocumentText>, 
/**
 * The tree of blocks.
 */
outline: Outline, 
/**
 * Everything wrong or remarkable, worst first.
 */
diagnostics: Array<Diagnostic>, 
/**
 * The values it is read with.
 */
inputs: TemplateInputs, 
/**
 * Files whose text differs from what is on disk.
 */
dirty: Array<string>, 
/**
 * Whether there is something to undo.
 */
can_undo: boolean, 
/**
 * Whether there is something to redo.
 */
can_redo: boolean, };
