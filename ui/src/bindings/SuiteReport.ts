// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Case } from "./Case";
import type { SuiteOutcome } from "./SuiteOutcome";

/**
 * What one suite said.
 */
export type SuiteReport = { 
/**
 * Its name.
 */
suite: string, 
/**
 * The runner, with its version where that is known.
 */
runner: string, 
/**
 * The verdict.
 */
outcome: SuiteOutcome, 
/**
 * Its cases, in the runner's order.
 */
cases: Array<Case>, 
/**
 * Why it could not be told, or the first failure; one line.
 */
message?: string | null, 
/**
 * How long it took, in milliseconds.
 */
duration_ms: number, };
