// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { ImageName } from "./ImageName";
import type { Version } from "./Version";

/**
 * An image: a name and what is under it.
 */
export type Image = { 
/**
 * Its name.
 */
name: ImageName, 
/**
 * Number of versions whose bytes are present.
 */
versions: number, 
/**
 * The newest present version.
 */
latest: Version | null, };
