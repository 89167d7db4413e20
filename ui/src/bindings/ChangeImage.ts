// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { ImageVerb } from "./ImageVerb";

/**
 * Does something to a version.
 */
export type ChangeImage = { 
/**
 * The version: `web@3`, `web@production`; `web` is its newest.
 */
image: string, 
/**
 * What.
 */
verb: ImageVerb, 
/**
 * Why.
 */
reason: string | null, };
