// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { AskedScript } from "./AskedScript";

/**
 * What a person is asked about a step.
 */
export type Question = { 
/**
 * Nothing failed: the build waits before the step.
 */
paused: boolean, 
/**
 * Whether it can go on without the step.
 */
can_skip: boolean, 
/**
 * What can be changed before the next try.
 */
script: AskedScript | null, };
