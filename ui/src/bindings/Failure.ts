// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { FailureKind } from "./FailureKind";

/**
 * Why a step failed, as it is shown and journalled. Holds no secret once it is in a journal: the journal redacts it.
 */
export type Failure = { 
/**
 * Whose matter it is.
 */
kind: FailureKind, 
/**
 * One sentence: what, where, why.
 */
message: string, 
/**
 * What lies behind it, outermost first.
 */
causes?: Array<string>, 
/**
 * What to do about it.
 */
hints?: Array<string>, };
