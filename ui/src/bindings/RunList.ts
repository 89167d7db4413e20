// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { RunState } from "./RunState";

/**
 * Runs, newest first.
 */
export type RunList = { 
/**
 * The runs.
 */
runs: Array<RunState>, };
