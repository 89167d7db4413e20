// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Version } from "./Version";

/**
 * Versions that changed, the one that was named first.
 */
export type ChangedVersions = { 
/**
 * The versions as they are now.
 */
versions: Array<Version>, };
