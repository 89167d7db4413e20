// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { FileDifference } from "./FileDifference";

/**
 * What differs, file by file.
 */
export type Differences = { 
/**
 * Only files that differ.
 */
files: Array<FileDifference>, };
