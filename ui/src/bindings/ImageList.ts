// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Image } from "./Image";

/**
 * Every image of the library.
 */
export type ImageList = { 
/**
 * The images, most recently changed first.
 */
images: Array<Image>, };
