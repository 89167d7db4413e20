// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Version } from "./Version";

/**
 * Versions in the trash.
 */
export type TrashList = { 
/**
 * The versions, newest in the trash first.
 */
versions: Array<Version>, };
