// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { ChannelName } from "./ChannelName";
import type { Class } from "./Class";

/**
 * Points a channel to a version.
 */
export type PromoteImage = { 
/**
 * The version: `web` (its newest), `web@3`.
 */
image: string, 
/**
 * The channel; made when new.
 */
channel: ChannelName, 
/**
 * Its class, when new or to be changed; else it follows from the name.
 */
class: Class | null, 
/**
 * What is new, kept with the release.
 */
notes: string | null, 
/**
 * Why the channel moves.
 */
reason: string | null, 
/**
 * Why a blocked gate is passed all the same.
 */
override_reason: string | null, };
