// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Replacement } from "./Replacement";

/**
 * A change that removes the problem.
 */
export type Fix = { 
/**
 * What the change does, as a button label ("Replace by `memory`").
 */
title: string, 
/**
 * The replacements, all in terms of the text the diagnostic was made from.
 */
replacements: Array<Replacement>, };
