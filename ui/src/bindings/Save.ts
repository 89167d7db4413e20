// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Writes an open template to disk.
 */
export type Save = { 
/**
 * The open template.
 */
session: string, 
/**
 * Only this file; all changed files when absent.
 */
file: string | null, 
/**
 * Write even over a file that changed on disk since it was read.
 */
overwrite: boolean, };
