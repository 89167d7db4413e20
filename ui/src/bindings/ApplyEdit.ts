// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Edit } from "./Edit";

/**
 * Edits an open template; one step of undo.
 */
export type ApplyEdit = { 
/**
 * The open template.
 */
session: string, 
/**
 * The revision the edit was made against.
 */
base: number, 
/**
 * What to change.
 */
edit: Edit, };
