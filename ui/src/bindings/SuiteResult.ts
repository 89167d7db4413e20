// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { SuiteOutcome } from "./SuiteOutcome";

/**
 * The record of one run of a test suite, bound to the content it ran on.
 */
export type SuiteResult = { 
/**
 * Name of the suite.
 */
suite: string, 
/**
 * Runner and its version, for example `testinfra 10.2.2`.
 */
runner: string, 
/**
 * What it said.
 */
outcome: SuiteOutcome, 
/**
 * Cases that passed.
 */
passed: number, 
/**
 * Cases that failed.
 */
failed: number, 
/**
 * Cases that could not run.
 */
errors: number, 
/**
 * Cases that were skipped.
 */
skipped: number, 
/**
 * BLAKE3 of the content it ran on, as the version records it.
 */
content: string, 
/**
 * Time it took, in milliseconds.
 */
duration_ms: number, 
/**
 * One line: the first failure or error.
 */
message?: string | null, 
/**
 * When it was recorded; filled in from the event.
 */
at?: string | null, };
