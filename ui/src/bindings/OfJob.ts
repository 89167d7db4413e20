// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Names a job of a build.
 */
export type OfJob = { 
/**
 * The build's id.
 */
build: string, 
/**
 * The job.
 */
job: string, };
