// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { StepPlan } from "./StepPlan";

/**
 * What will be done for one source.
 */
export type JobPlan = { 
/**
 * `[build.]type.name`, as in `-only`.
 */
name: string, 
/**
 * `qemu`, `bootstrap`.
 */
source_type: string, 
/**
 * In order.
 */
steps: Array<StepPlan>, 
/**
 * Where the artifact will be, absolute; empty for sources that write none.
 */
output_directory: string, 
/**
 * The image of the library it becomes a version of.
 */
image: string | null, };
