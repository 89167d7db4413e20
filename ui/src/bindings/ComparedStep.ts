// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { BuildStatus } from "./BuildStatus";

/**
 * One step of two builds.
 */
export type ComparedStep = { 
/**
 * Of which job.
 */
job: string, 
/**
 * Its id.
 */
step: string, 
/**
 * As shown.
 */
title: string, 
/**
 * How long it took in the earlier one, milliseconds; absent when it did not run there.
 */
before_ms: number | null, 
/**
 * In the later one.
 */
after_ms: number | null, 
/**
 * How it stands in the earlier one; absent when it is not there.
 */
before: BuildStatus | null, 
/**
 * In the later one.
 */
after: BuildStatus | null, };
