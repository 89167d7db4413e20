// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Channel } from "./Channel";
import type { GateRow } from "./GateRow";
import type { Version } from "./Version";

/**
 * A channel that was moved.
 */
export type Promoted = { 
/**
 * The version it points to now.
 */
version: Version, 
/**
 * The channel.
 */
channel: Channel, 
/**
 * Number of the version it pointed to before.
 */
from: number | null, 
/**
 * Whether the version was released by this.
 */
released: boolean, 
/**
 * The gate's table.
 */
gate: Array<GateRow>, };
