// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { DiskFormat } from "./DiskFormat";

/**
 * Writes a version outside the library.
 */
export type ExportImage = { 
/**
 * The image or version.
 */
image: string, 
/**
 * The format of the file.
 */
format: DiskFormat, 
/**
 * A file, or a folder to put it into.
 */
output: string, 
/**
 * Compress, where the format can.
 */
compress: boolean, 
/**
 * Replace a file that is there.
 */
force: boolean, 
/**
 * A name chosen by the asker: progress is on the stream `task/<name>`, `cancel_task` stops it.
 */
task: string | null, };
