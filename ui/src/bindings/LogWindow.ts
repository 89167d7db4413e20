// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { LogLine } from "./LogLine";

/**
 * Some lines of a log.
 */
export type LogWindow = { 
/**
 * How many lines there are by now.
 */
total: number, 
/**
 * The ones asked for.
 */
lines: Array<LogLine>, };
