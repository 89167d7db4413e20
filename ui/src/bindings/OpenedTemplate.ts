// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Recovery } from "./Recovery";
import type { TemplateState } from "./TemplateState";

/**
 * A template that is open.
 */
export type OpenedTemplate = { 
/**
 * Names it in later requests.
 */
session: string, 
/**
 * The absolute path that was opened.
 */
path: string, 
/**
 * What to call it: the name of the file or folder.
 */
name: string, 
/**
 * Whether a folder was opened.
 */
folder: boolean, 
/**
 * Texts that an earlier session did not save; [`RecoverTemplate`] decides what becomes of them.
 */
recovery: Recovery | null, 
/**
 * Everything to show.
 */
state: TemplateState, };
