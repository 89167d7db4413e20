// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { LogFilter } from "./LogFilter";

/**
 * A window of a build's log.
 */
export type BuildLog = { 
/**
 * The build's id.
 */
build: string, 
/**
 * The number of the first line; lines count from 1.
 */
from: number, 
/**
 * How many lines at most; at most 5000 are given.
 */
count: number, 
/**
 * Only these lines; `from` and the total then count them alone.
 */
filter: LogFilter, };
