// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { ChannelName } from "./ChannelName";
import type { Class } from "./Class";
import type { Hold } from "./Hold";
import type { ImageName } from "./ImageName";
import type { Move } from "./Move";
import type { VersionId } from "./VersionId";

/**
 * A named pointer to a version of an image.
 */
export type Channel = { 
/**
 * The image.
 */
image: ImageName, 
/**
 * Its name.
 */
name: ChannelName, 
/**
 * What it is for.
 */
class: Class, 
/**
 * Where it points; nothing when it was emptied.
 */
version: VersionId | null, 
/**
 * The number of that version, to read `web@4` without another look.
 */
number: number | null, 
/**
 * Where it pointed, oldest first.
 */
history: Array<Move>, 
/**
 * Versions that were rolled away from: nothing brings them back by itself.
 */
skip: Array<VersionId>, 
/**
 * Protection from being moved.
 */
hold: Hold | null, };
