// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { CheckedChecksum } from "./CheckedChecksum";

/**
 * What became of the checksums a template refers to.
 */
export type CheckedOnline = { 
/**
 * Each checksum list that was looked at.
 */
checksums: Array<CheckedChecksum>, };
