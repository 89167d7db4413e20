// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { SpaceKind } from "./SpaceKind";

/**
 * What Goldsmith's folders take.
 */
export type SpaceReport = { 
/**
 * One row per kind.
 */
kinds: Array<SpaceKind>, 
/**
 * Free bytes where the library is.
 */
free: number, };
