// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A test that was started.
 */
export type StartedTest = { 
/**
 * Names it, as a build: its facts, log and screen are those of a build.
 */
build: string, 
/**
 * `name@version`.
 */
image: string, 
/**
 * The names of its suites, in order.
 */
suites: Array<string>, };
