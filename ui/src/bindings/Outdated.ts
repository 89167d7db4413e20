// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Version } from "./Version";

/**
 * A version that should be made again, and why.
 */
export type Outdated = { 
/**
 * The version.
 */
version: Version, 
/**
 * Why, a sentence each.
 */
reasons: Array<string>, 
/**
 * Distance from an image without a parent: what has to be built first has less.
 */
depth: number, };
