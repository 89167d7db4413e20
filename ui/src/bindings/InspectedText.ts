// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { InspectedLine } from "./InspectedLine";

/**
 * What a template declares, in Packer's words.
 */
export type InspectedText = { 
/**
 * What Packer's `inspect` says, in order.
 */
lines: Array<InspectedLine>, };
