// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Says whether a person is asked when a step of a running build fails.
 */
export type AskOnError = { 
/**
 * The build's id.
 */
build: string, 
/**
 * Whether to ask.
 */
on: boolean, };
