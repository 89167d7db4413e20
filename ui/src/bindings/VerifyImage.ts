// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Reads a version's bytes again.
 */
export type VerifyImage = { 
/**
 * The image or version.
 */
image: string, 
/**
 * A name chosen by the asker: progress is on the stream `task/<name>`, `cancel_task` stops it.
 */
task: string | null, };
