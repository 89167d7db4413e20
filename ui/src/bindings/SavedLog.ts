// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A log that was written.
 */
export type SavedLog = { 
/**
 * Where it is.
 */
path: string, 
/**
 * How many lines it has.
 */
lines: number, };
