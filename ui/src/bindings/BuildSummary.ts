// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { BuildStatus } from "./BuildStatus";

/**
 * A build, in one line.
 */
export type BuildSummary = { 
/**
 * Names it.
 */
build: string, 
/**
 * The template's name.
 */
template: string, 
/**
 * The template's path.
 */
template_path: string, 
/**
 * The full names of what it builds.
 */
jobs: Array<string>, 
/**
 * How it stands.
 */
status: BuildStatus, 
/**
 * The step that runs, or the last one that ran.
 */
step: string | null, 
/**
 * Steps finished.
 */
steps_done: number, 
/**
 * Steps in all.
 */
steps_total: number, 
/**
 * When it started, in milliseconds since 1970.
 */
started_at: number, 
/**
 * How long it took, in milliseconds; absent while it runs.
 */
duration_ms: number | null, 
/**
 * Why it failed, in a sentence.
 */
failure: string | null, 
/**
 * Versions it added to the library, as `image@version`.
 */
versions: Array<string>, };
