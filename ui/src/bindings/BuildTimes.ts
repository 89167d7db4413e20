// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { PastBuild } from "./PastBuild";
import type { StepTime } from "./StepTime";

/**
 * How long earlier builds of the same template took.
 */
export type BuildTimes = { 
/**
 * The steps of the newest earlier build that succeeded, and how long they usually take.
 */
steps: Array<StepTime>, 
/**
 * Builds of the same template, newest first, this one among them.
 */
builds: Array<PastBuild>, };
