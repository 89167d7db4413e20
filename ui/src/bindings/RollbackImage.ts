// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { ChannelName } from "./ChannelName";

/**
 * Points a channel to an earlier version again.
 */
export type RollbackImage = { 
/**
 * The image.
 */
image: string, 
/**
 * The channel.
 */
channel: ChannelName, 
/**
 * The version's number; when absent, the newest earlier one that the gate takes.
 */
to: number | null, 
/**
 * Why.
 */
reason: string | null, 
/**
 * Why a blocked gate is passed all the same.
 */
override_reason: string | null, 
/**
 * A name chosen by the asker: progress of reading the bytes again is on the stream `task/<name>`.
 */
task: string | null, };
