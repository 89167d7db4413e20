// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Changed } from "./Changed";
import type { DiskConflict } from "./DiskConflict";

/**
 * What became of the changes that other programs made to open files.
 */
export type DiskMerge = { 
/**
 * What it changed here.
 */
changed: Changed, 
/**
 * Files whose changes were taken in.
 */
merged: Array<string>, 
/**
 * Files that were changed here and there in the same lines.
 */
conflicts: Array<DiskConflict>, };
