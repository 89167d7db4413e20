// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { LogStream } from "./LogStream";

/**
 * One line, already redacted.
 */
export type LogLine = { 
/**
 * 1, 2, 3 without gaps.
 */
n: number, 
/**
 * Milliseconds since 1970.
 */
at: number, 
/**
 * Of which job.
 */
job: string, 
/**
 * In which step.
 */
step: string, 
/**
 * From where.
 */
stream: LogStream, 
/**
 * Without its line break.
 */
text: string, };
