// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { CheckpointSettings } from "./CheckpointSettings";
import type { RunProfile } from "./RunProfile";
import type { Theme } from "./Theme";

/**
 * Settings, kept in the configuration folder.
 */
export type Settings = { 
/**
 * Light or dark.
 */
theme: Theme, 
/**
 * How many finished builds to keep.
 */
keep_builds: number, 
/**
 * At most so many MiB of journals, logs and pictures of finished builds.
 */
keep_builds_mib: number, 
/**
 * When checkpoints are taken, and how many are kept.
 */
checkpoints: CheckpointSettings, 
/**
 * Saved ways to build templates.
 */
profiles: Array<RunProfile>, 
/**
 * Values of the window's own layout, which only the window reads.
 */
layout: Record<string, unknown>, };
