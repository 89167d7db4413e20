// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Channel } from "./Channel";

/**
 * Channels by image and name.
 */
export type ChannelList = { 
/**
 * The channels.
 */
channels: Array<Channel>, };
