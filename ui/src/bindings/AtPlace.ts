// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Utf16Position } from "./Utf16Position";

/**
 * A place in an open template.
 */
export type AtPlace = { 
/**
 * The open template.
 */
session: string, 
/**
 * The file.
 */
file: string, 
/**
 * Where in it.
 */
at: Utf16Position, };
