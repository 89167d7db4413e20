// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Names a run.
 */
export type OfRun = { 
/**
 * The run's id.
 */
run: string, };
