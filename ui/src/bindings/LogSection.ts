// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What one step wrote.
 */
export type LogSection = { 
/**
 * Of which job.
 */
job: string, 
/**
 * Which step; empty for lines outside of steps.
 */
step: string, 
/**
 * How many lines.
 */
lines: number, 
/**
 * How many of them speak of an error.
 */
errors: number, };
