// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Time spent on a version, in milliseconds.
 */
export type Durations = { 
/**
 * From start to end of the build.
 */
total_ms: number | null, 
/**
 * Per step: title to time.
 */
steps_ms: Record<string, number>, };
