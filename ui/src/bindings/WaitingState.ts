// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a step waits for.
 */
export type WaitingState = { 
/**
 * Short name of the stage.
 */
stage: string, 
/**
 * One sentence.
 */
explanation: string, };
