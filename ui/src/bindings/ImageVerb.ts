// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { RevocationSeverity } from "./RevocationSeverity";

/**
 * What to do to a version. Dates are given as a date, a moment, or a time from now as `30d`.
 */
export type ImageVerb = { "verb": "release", 
/**
 * What is new.
 */
notes: string | null, } | { "verb": "deprecate", 
/**
 * Which: `web@4`.
 */
replacement: string | null, 
/**
 * Also when a production channel points to it and no replacement is named.
 */
force: boolean, } | { "verb": "undeprecate" } | { "verb": "revoke", 
/**
 * How bad it is to go on.
 */
severity: RevocationSeverity, 
/**
 * Everything made from it as well.
 */
cascade: boolean, 
/**
 * Roll back, or empty, the channels that point to what is revoked.
 */
move_channels: boolean, } | { "verb": "unrevoke" } | { "verb": "retire" } | { "verb": "hold", 
/**
 * Until when; forever when absent.
 */
until: string | null, } | { "verb": "unhold" } | { "verb": "schedule", 
/**
 * When it is deprecated.
 */
deprecate_at: string | null, 
/**
 * When it is revoked.
 */
revoke_at: string | null, 
/**
 * When it is retired.
 */
retire_at: string | null, } | { "verb": "label", 
/**
 * Name to value.
 */
set: { [key in string]: string }, 
/**
 * Names.
 */
unset: Array<string>, } | { "verb": "note", 
/**
 * The text.
 */
text: string, };
