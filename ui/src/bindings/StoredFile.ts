// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { DiskFact } from "./DiskFact";

/**
 * One file of a version.
 */
export type StoredFile = { 
/**
 * Its name within the version.
 */
name: string, 
/**
 * Length in bytes.
 */
size: number, 
/**
 * SHA-256 of the file, in hex.
 */
sha256: string, 
/**
 * For a disk: its format and content.
 */
disk: DiskFact | null, 
/**
 * The absolute path, filled in when read from a library.
 */
path?: string | null, };
