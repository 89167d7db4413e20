// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { PickFilter } from "./PickFilter";
import type { PickPurpose } from "./PickPurpose";

/**
 * Asks the user for a path with the system's own dialog.
 */
export type PickPath = { 
/**
 * What for.
 */
purpose: PickPurpose, 
/**
 * The dialog's title.
 */
title: string, 
/**
 * A name to propose.
 */
suggested_name: string | null, 
/**
 * A folder to begin in.
 */
folder: string | null, 
/**
 * What kinds of file to offer.
 */
filters: Array<PickFilter>, };
