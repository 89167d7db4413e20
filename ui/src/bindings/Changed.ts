// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Diagnostic } from "./Diagnostic";
import type { Outline } from "./Outline";
import type { Patch } from "./Patch";

/**
 * What an edit, an undo or a redo changed.
 */
export type Changed = { 
/**
 * Text patches, in the order to apply them. Empty when there was nothing to undo or redo.
 */
patches: Array<Patch>, 
/**
 * The block it is about, for selecting it.
 */
block: string | null, 
/**
 * What it leaves behind: uses of something that is declared no more.
 */
warnings: Array<Diagnostic>, 
/**
 * Every open file after it.
 */
files: Array<string>, 
/**
 * The revision after it.
 */
revision: number, 
/**
 * The tree of blocks after it.
 */
outline: Outline, 
/**
 * What is wrong after it.
 */
diagnostics: Array<Diagnostic>, 
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
