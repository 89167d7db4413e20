// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { StepKind } from "./StepKind";

/**
 * One step.
 */
export type StepPlan = { 
/**
 * Unique within the job.
 */
id: string, 
/**
 * As shown.
 */
title: string, 
/**
 * What kind of thing it does.
 */
kind: StepKind, 
/**
 * Command lines it will start here or in the guest, with holes as `{port:ssh}`.
 */
commands: Array<string>, 
/**
 * Hexadecimal; changes when anything changes that goes into this step or one before it.
 */
fingerprint: string, 
/**
 * Whether a remembered result will be used instead of doing it.
 */
cached: boolean, 
/**
 * Why neither it nor anything after it is ever remembered; said of the first such step.
 */
not_cached: string | null, };
