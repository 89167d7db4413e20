// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { ScriptFile } from "./ScriptFile";

/**
 * What can be changed of a step that failed, before it is tried again.
 */
export type StepScripts = { 
/**
 * Commands that stand in the template, one a line, as they ran.
 */
inline: string | null, 
/**
 * Script files.
 */
files: Array<ScriptFile>, };
