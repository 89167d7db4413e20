// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Role } from "./Role";

/**
 * Who did something, and why.
 */
export type By = { 
/**
 * The capacity.
 */
role: Role, 
/**
 * The reason given.
 */
reason?: string | null, };
