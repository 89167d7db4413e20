// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Stops a build.
 */
export type CancelBuild = { 
/**
 * The build's id.
 */
build: string, 
/**
 * Do not wait for the steps to unwind: stop everything now.
 */
kill: boolean, };
