// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Packaged } from "./Packaged";

/**
 * A package that was written.
 */
export type PackagedImage = { 
/**
 * `name@version`.
 */
image: string, 
/**
 * The package.
 */
packaged: Packaged, };
