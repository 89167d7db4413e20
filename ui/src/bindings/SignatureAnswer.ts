// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Signature } from "./Signature";

/**
 * The call around a place.
 */
export type SignatureAnswer = { 
/**
 * The call, if there is one.
 */
signature: Signature | null, };
