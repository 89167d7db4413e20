// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { DiskFormat } from "./DiskFormat";

/**
 * What was written.
 */
export type Exported = { 
/**
 * The file.
 */
path: string, 
/**
 * Its length in bytes.
 */
size: number, 
/**
 * Its SHA-256 in hex.
 */
sha256: string, 
/**
 * Its format.
 */
format: DiskFormat, };
