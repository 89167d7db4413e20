// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { BuildState } from "./BuildState";
import type { BuildSummary } from "./BuildSummary";
import type { Entry } from "./Entry";
import type { HostStats } from "./HostStats";
import type { LogLine } from "./LogLine";
import type { LogSections } from "./LogSections";
import type { RunState } from "./RunState";
import type { TaskProgress } from "./TaskProgress";

/**
 * One message of a stream.
 */
export type StreamMessage = { "kind": "facts", 
/**
 * The facts, in order.
 */
entries: Array<Entry>, 
/**
 * What all facts add up to.
 */
state: BuildState, } | { "kind": "log", 
/**
 * The number of the first line; lines count from 1.
 */
from: number, 
/**
 * The lines.
 */
lines: Array<LogLine>, } | { "kind": "sections", 
/**
 * How it stands.
 */
log: LogSections, } | { "kind": "builds", 
/**
 * The builds.
 */
builds: Array<BuildSummary>, } | { "kind": "runs", 
/**
 * The runs.
 */
runs: Array<RunState>, } | { "kind": "library", 
/**
 * Grows with each change.
 */
generation: number, } | { "kind": "host", 
/**
 * The figures.
 */
stats: HostStats, } | { "kind": "template", 
/**
 * The files; empty when all are again as they were read.
 */
changed: Array<string>, } | { "kind": "task", 
/**
 * How far it is.
 */
progress: TaskProgress, } | { "kind": "end", };
