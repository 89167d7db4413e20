// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { ErrorKind } from "./ErrorKind";
import type { Place } from "./Place";

/**
 * A failure as it travels to a window, a script or a terminal.
 */
export type WireError = { 
/**
 * A stable name for this failure, such as `file_changed` or `image_not_found`.
 */
code: string, 
/**
 * Who can do something about it.
 */
kind: ErrorKind, 
/**
 * One sentence: what happened to which thing.
 */
title: string, 
/**
 * Why, outermost first.
 */
causes: Array<string>, 
/**
 * What to do about it, most useful first.
 */
hints: Array<string>, 
/**
 * Where in the template, when it is about a template.
 */
span: Place | null, 
/**
 * The last lines of the log or of the failing program.
 */
log_tail: Array<string>, };
