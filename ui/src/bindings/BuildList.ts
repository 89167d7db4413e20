// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { BuildSummary } from "./BuildSummary";

/**
 * Builds, newest first.
 */
export type BuildList = { 
/**
 * The builds.
 */
builds: Array<BuildSummary>, };
