// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { ComparedLog } from "./ComparedLog";
import type { ComparedStep } from "./ComparedStep";

/**
 * What differs between two builds.
 */
export type ComparedBuilds = { 
/**
 * Step by step, in the later build's order; steps that only the earlier one has at the end.
 */
steps: Array<ComparedStep>, 
/**
 * What the plans say differently, as a unified difference; empty when nothing.
 */
plan: string, 
/**
 * What the logs say differently, step by step; numbers that change with every run are not told apart.
 */
log: Array<ComparedLog>, };
