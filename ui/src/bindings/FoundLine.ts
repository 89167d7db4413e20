// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A line that was looked for.
 */
export type FoundLine = { 
/**
 * Its number in the whole log, from 1; none when no line matches.
 */
n: number | null, 
/**
 * Which of the matching lines it is, from 1.
 */
at: number, 
/**
 * How many lines match.
 */
total: number, 
/**
 * Of which section it is, from 0.
 */
section: number, 
/**
 * Its place in that section, from 0.
 */
row: number, };
