// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Keep } from "./Keep";

/**
 * Decides about a file that was changed here and there.
 */
export type ResolveDisk = { 
/**
 * The open template.
 */
session: string, 
/**
 * The file.
 */
file: string, 
/**
 * Which of the two stays.
 */
keep: Keep, };
