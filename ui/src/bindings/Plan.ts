// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { HostCommand } from "./HostCommand";
import type { JobPlan } from "./JobPlan";
import type { PlannedDownload } from "./PlannedDownload";
import type { SkippedSource } from "./SkippedSource";
import type { Space } from "./Space";

/**
 * What a build will do.
 */
export type Plan = { 
/**
 * The template, as named by the user.
 */
template: string, 
/**
 * One per source, in the order they will start.
 */
jobs: Array<JobPlan>, 
/**
 * Files to be fetched, without those the cache holds.
 */
downloads: Array<PlannedDownload>, 
/**
 * Room on the disk.
 */
space: Space, 
/**
 * Programs of this machine that will be started.
 */
host_commands: Array<HostCommand>, 
/**
 * Sources left out on request.
 */
skipped: Array<SkippedSource>, 
/**
 * Whether anything was left out.
 */
partial: boolean, 
/**
 * What a person should know before starting.
 */
warnings: Array<string>, };
