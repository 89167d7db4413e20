// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Class } from "./Class";
import type { GateRow } from "./GateRow";
import type { GateVerdict } from "./GateVerdict";

/**
 * What a gate says.
 */
export type GateTable = { 
/**
 * `name@number`.
 */
image: string, 
/**
 * The class of channel.
 */
class: Class, 
/**
 * The worst of the rows.
 */
verdict: GateVerdict, 
/**
 * Check by check.
 */
rows: Array<GateRow>, };
