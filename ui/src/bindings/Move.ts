// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { By } from "./By";
import type { MoveKind } from "./MoveKind";
import type { VersionId } from "./VersionId";

/**
 * One change of a channel.
 */
export type Move = { 
/**
 * When.
 */
at: string, 
/**
 * How.
 */
kind: MoveKind, 
/**
 * Where it points since.
 */
version: VersionId | null, 
/**
 * The number of that version.
 */
number: number | null, 
/**
 * Who and why.
 */
by: By, 
/**
 * Why the gate was overridden.
 */
override_reason: string | null, };
