// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { BuildStatus } from "./BuildStatus";
import type { ProducedFile } from "./ProducedFile";
import type { ScreenState } from "./ScreenState";
import type { StepState } from "./StepState";
import type { VersionState } from "./VersionState";

/**
 * One source's build.
 */
export type JobState = { 
/**
 * Its name.
 */
name: string, 
/**
 * How it stands.
 */
status: BuildStatus, 
/**
 * In order.
 */
steps: Array<StepState>, 
/**
 * The latest picture of the guest's screen.
 */
screen: ScreenState | null, 
/**
 * Folder of the artifact.
 */
output_directory: string, 
/**
 * The artifact, once it is there.
 */
artifact: Array<ProducedFile>, 
/**
 * Files post-processors left.
 */
files: Array<ProducedFile>, 
/**
 * The version in the library, once it is there.
 */
version: VersionState | null, 
/**
 * Milliseconds.
 */
duration_ms: number | null, 
/**
 * What filled the plan's holes, as name and value.
 */
holes: Array<[string, string]>, };
