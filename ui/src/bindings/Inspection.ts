// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Diagnostic } from "./Diagnostic";
import type { InspectedBuild } from "./InspectedBuild";
import type { InspectedVariable } from "./InspectedVariable";

/**
 * What a template declares, for `inspect`.
 */
export type Inspection = { 
/**
 * Its variables.
 */
variables: Array<InspectedVariable>, 
/**
 * The full names of its builds.
 */
builds: Array<InspectedBuild>, 
/**
 * What is wrong with it.
 */
diagnostics: Array<Diagnostic>, };
