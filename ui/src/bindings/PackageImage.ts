// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Package } from "./Package";

/**
 * Writes a version as a package: an OVA, a box, a VHD, an OCI archive.
 */
export type PackageImage = { 
/**
 * The image or version.
 */
image: string, 
/**
 * As what.
 */
package: Package, 
/**
 * The folder to put it into.
 */
output: string, 
/**
 * Replace a file that is there.
 */
force: boolean, 
/**
 * A name chosen by the asker: progress is on the stream `task/<name>`, `cancel_task` stops it.
 */
task: string | null, };
