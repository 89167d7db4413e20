// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Class } from "./Class";

/**
 * What to do to a channel.
 */
export type ChannelVerb = { "verb": "hold", 
/**
 * Until when: a date, a moment, or a time from now as `30d`.
 */
until: string | null, } | { "verb": "unhold" } | { "verb": "empty" } | { "verb": "class", 
/**
 * For what.
 */
class: Class, };
