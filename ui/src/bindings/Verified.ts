// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Verification } from "./Verification";

/**
 * Whether a version's bytes are what they were.
 */
export type Verified = { 
/**
 * `name@version`.
 */
image: string, 
/**
 * What was found.
 */
verification: Verification, };
