// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { GateVerdict } from "./GateVerdict";

/**
 * One line of a gate's table.
 */
export type GateRow = { 
/**
 * What is looked at.
 */
check: string, 
/**
 * The answer.
 */
verdict: GateVerdict, 
/**
 * What it rests on.
 */
evidence: string, };
