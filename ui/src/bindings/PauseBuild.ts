// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Makes a build wait before a step, or no longer.
 */
export type PauseBuild = { 
/**
 * The build's id.
 */
build: string, 
/**
 * Of which job.
 */
job: string, 
/**
 * Before which step.
 */
step: string, 
/**
 * Whether to wait.
 */
on: boolean, };
