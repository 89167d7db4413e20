// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Package } from "./Package";

/**
 * What was written.
 */
export type Packaged = { 
/**
 * The file.
 */
path: string, 
/**
 * Its length in bytes.
 */
size: number, 
/**
 * Its SHA-256 in hex; also in `<file>.sha256`.
 */
sha256: string, 
/**
 * As what.
 */
package: Package, 
/**
 * Other files that were written or changed: checksum, manifest, a Vagrant catalogue.
 */
beside: Array<string>, };
