// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { BytesState } from "./BytesState";
import type { ContentId } from "./ContentId";
import type { DiskFormat } from "./DiskFormat";
import type { Facts } from "./Facts";
import type { ImageName } from "./ImageName";
import type { Life } from "./Life";
import type { Standing } from "./Standing";
import type { StoredFile } from "./StoredFile";
import type { VersionId } from "./VersionId";

/**
 * One version of an image. Immutable but for `bytes` and `life`.
 */
export type Version = { 
/**
 * Its id.
 */
id: VersionId, 
/**
 * The image it belongs to.
 */
image: ImageName, 
/**
 * 1, 2, 3 ... within the image; never used twice.
 */
number: number, 
/**
 * When it entered the library.
 */
created_at: string, 
/**
 * Identity of what a guest sees on its disk(s).
 */
content: ContentId, 
/**
 * The main disk's format.
 */
format: DiskFormat, 
/**
 * Size of the main disk as the guest sees it, in bytes.
 */
virtual_size: number, 
/**
 * Bytes of all files as `ls` shows them.
 */
stored_size: number, 
/**
 * The files, main disk first.
 */
files: Array<StoredFile>, 
/**
 * How it was made.
 */
facts: Facts, 
/**
 * Where its bytes are in their life.
 */
bytes: BytesState, 
/**
 * Where it stands, as `life` amounts to.
 */
state: Standing, 
/**
 * What was done to it since it was made.
 */
life: Life, 
/**
 * When it was deleted to the trash, if it is there.
 */
trashed_at: string | null, };
