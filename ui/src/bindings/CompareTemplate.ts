// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Against } from "./Against";

/**
 * Compares an open template with what it was.
 */
export type CompareTemplate = { 
/**
 * The open template.
 */
session: string, 
/**
 * With what.
 */
against: Against, };
