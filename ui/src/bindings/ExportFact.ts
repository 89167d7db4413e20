// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A copy of a version outside the library.
 */
export type ExportFact = { 
/**
 * Where it was written.
 */
path: string, 
/**
 * Its format.
 */
format: string, 
/**
 * SHA-256 of the file.
 */
sha256: string, 
/**
 * When; filled in from the event.
 */
at?: string | null, };
