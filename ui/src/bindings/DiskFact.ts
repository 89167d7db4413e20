// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { ContentId } from "./ContentId";
import type { DiskFormat } from "./DiskFormat";

/**
 * What is known of a disk file.
 */
export type DiskFact = { 
/**
 * Its format.
 */
format: DiskFormat, 
/**
 * Size as the guest sees it, in bytes.
 */
virtual_size: number, 
/**
 * Bytes of guest content that are not zero, counted in whole chunks.
 */
data_size: number, 
/**
 * Identity of the content.
 */
content: ContentId, };
