// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * The log of one step in two builds.
 */
export type ComparedLog = { 
/**
 * Of which job.
 */
job: string, 
/**
 * Which step.
 */
step: string, 
/**
 * Lines only the later one has.
 */
added: number, 
/**
 * Lines only the earlier one has.
 */
removed: number, 
/**
 * The difference, unified; at most 400 lines.
 */
text: string, 
/**
 * The step wrote too much to be compared line by line.
 */
too_long: boolean, };
