// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * How long a step took.
 */
export type StepTime = { 
/**
 * Of which job.
 */
job: string, 
/**
 * Its id.
 */
step: string, 
/**
 * Milliseconds, last time.
 */
last_ms: number, 
/**
 * Milliseconds, the median of the builds that succeeded.
 */
median_ms: number, 
/**
 * How far the middle half of them lies apart, milliseconds.
 */
spread_ms: number, };
