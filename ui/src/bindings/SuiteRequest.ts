// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Runner } from "./Runner";

/**
 * A suite named beside those of the template's folder.
 */
export type SuiteRequest = { 
/**
 * What runs it.
 */
runner: Runner, 
/**
 * Its files; for `command` the command's words.
 */
files: Array<string>, };
