// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { BuildStatus } from "./BuildStatus";

/**
 * An earlier build, for a list.
 */
export type PastBuild = { 
/**
 * Names it.
 */
build: string, 
/**
 * How it ended.
 */
status: BuildStatus, 
/**
 * When it started, in milliseconds since 1970.
 */
started_at: number, 
/**
 * How long it took, in milliseconds; absent while it runs.
 */
duration_ms: number | null, 
/**
 * Steps whose result was remembered.
 */
cached: number, };
