// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { FileVerdict } from "./FileVerdict";

/**
 * The outcome of [`Library::verify`].
 */
export type Verification = { 
/**
 * `name@number`.
 */
version: string, 
/**
 * Every file as recorded?
 */
ok: boolean, 
/**
 * Per file.
 */
files: Array<FileVerdict>, };
