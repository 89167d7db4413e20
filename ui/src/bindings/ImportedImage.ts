// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Version } from "./Version";

/**
 * The version that was made.
 */
export type ImportedImage = { 
/**
 * The version.
 */
version: Version, };
