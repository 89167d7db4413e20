// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { LogFilter } from "./LogFilter";

/**
 * Looks for a line of a log.
 */
export type FindLine = { 
/**
 * The build's id.
 */
build: string, 
/**
 * What is looked for.
 */
filter: LogFilter, 
/**
 * After the line with this number; 0 is before the first.
 */
after: number, 
/**
 * Before it instead.
 */
back: boolean, };
