// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { LogFilter } from "./LogFilter";

/**
 * Writes a log as plain text to a file.
 */
export type SaveLog = { 
/**
 * The build's id.
 */
build: string, 
/**
 * Which lines.
 */
filter: LogFilter, 
/**
 * Where to; what is there is replaced.
 */
path: string, };
