// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Version } from "./Version";

/**
 * An image and the version that was asked for.
 */
export type ImageDetail = { 
/**
 * The version asked for, or the newest.
 */
version: Version, 
/**
 * All versions of the image whose bytes are present, newest first.
 */
versions: Array<Version>, };
