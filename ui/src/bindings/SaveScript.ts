// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Writes a script file of a step that failed.
 */
export type SaveScript = { 
/**
 * The build's id.
 */
build: string, 
/**
 * The job that asks.
 */
job: string, 
/**
 * One of its [`StepScripts::files`].
 */
path: string, 
/**
 * What to write.
 */
text: string, };
