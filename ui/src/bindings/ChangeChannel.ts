// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { ChannelName } from "./ChannelName";
import type { ChannelVerb } from "./ChannelVerb";

/**
 * Does something to a channel.
 */
export type ChangeChannel = { 
/**
 * The image.
 */
image: string, 
/**
 * The channel.
 */
channel: ChannelName, 
/**
 * What.
 */
verb: ChannelVerb, 
/**
 * Why.
 */
reason: string | null, };
