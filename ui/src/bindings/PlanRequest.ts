// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { BuildOptions } from "./BuildOptions";

/**
 * Plans the builds of an open template.
 */
export type PlanRequest = { 
/**
 * The open template.
 */
session: string, 
/**
 * How.
 */
options: BuildOptions, };
