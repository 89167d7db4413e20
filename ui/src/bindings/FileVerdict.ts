// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * One file's outcome.
 */
export type FileVerdict = { 
/**
 * The file.
 */
name: string, 
/**
 * What was recorded.
 */
expected: string, } & ({ "verdict": "same" } | { "verdict": "missing" } | { "verdict": "differs", 
/**
 * SHA-256 (or content identity) found.
 */
found: string, } | { "verdict": "unreadable", 
/**
 * What the system said.
 */
cause: string, });
