// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Stops a run; its copy is thrown away.
 */
export type StopRun = { 
/**
 * The run's id.
 */
run: string, 
/**
 * Pull the plug instead of asking the guest to power off.
 */
kill: boolean, };
