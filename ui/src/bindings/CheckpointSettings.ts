// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * When checkpoints are taken, and how many are kept.
 */
export type CheckpointSettings = { 
/**
 * Whether there are any.
 */
enabled: boolean, 
/**
 * One is taken only where the steps since the last one took at least so many seconds.
 */
after_seconds: number, 
/**
 * At most so many GiB.
 */
keep_gib: number, 
/**
 * What was not used for so many days goes.
 */
keep_days: number, };
