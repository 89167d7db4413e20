// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A source left out.
 */
export type SkippedSource = { 
/**
 * Job name.
 */
job: string, 
/**
 * Why.
 */
reason: string, };
