// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { CaseStatus } from "./CaseStatus";

/**
 * One thing that was looked at.
 */
export type Case = { 
/**
 * Its name, as the runner gives it.
 */
name: string, 
/**
 * How it ended.
 */
status: CaseStatus, 
/**
 * How long it took, in milliseconds.
 */
time_ms: number, 
/**
 * What the runner says of a failure, an error or a skip.
 */
message?: string | null, };
