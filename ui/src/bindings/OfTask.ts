// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Names a running export or verification.
 */
export type OfTask = { 
/**
 * The name its asker chose.
 */
task: string, };
