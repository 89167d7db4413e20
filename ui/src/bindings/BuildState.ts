// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { BuildId } from "./BuildId";
import type { BuildStatus } from "./BuildStatus";
import type { Failure } from "./Failure";
import type { JobState } from "./JobState";
import type { When } from "./When";

/**
 * A build.
 */
export type BuildState = { 
/**
 * Which.
 */
id: BuildId | null, 
/**
 * How it stands.
 */
status: BuildStatus, 
/**
 * The template, as named by the user.
 */
template: string, 
/**
 * Milliseconds since 1970.
 */
started_at: number | null, 
/**
 * Milliseconds since 1970.
 */
finished_at: number | null, 
/**
 * In the plan's order.
 */
jobs: Array<JobState>, 
/**
 * The first error.
 */
failure: Failure | null, 
/**
 * What a person should know.
 */
warnings: Array<string>, 
/**
 * How soon it is to stop, once somebody asked for that.
 */
cancelling: When | null, 
/**
 * Whether a person is asked when a step fails, once somebody changed that while it ran.
 */
asks: boolean | null, 
/**
 * What recovery could not remove.
 */
left: Array<string>, 
/**
 * Whether sources were left out.
 */
partial: boolean, 
/**
 * The number of the last fact taken in.
 */
seq: number, };
