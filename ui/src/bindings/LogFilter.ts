// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Which lines of a log. Empty: all of them.
 */
export type LogFilter = { 
/**
 * Only lines with this text in them, in any case.
 */
text: string, 
/**
 * Only lines that speak of an error.
 */
errors: boolean, 
/**
 * Only lines of this job.
 */
job: string | null, 
/**
 * Only lines of this step.
 */
step: string | null, };
