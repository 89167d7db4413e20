// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { BuildStatus } from "./BuildStatus";
import type { Failure } from "./Failure";
import type { ProgressState } from "./ProgressState";
import type { Question } from "./Question";
import type { StepKind } from "./StepKind";
import type { WaitingState } from "./WaitingState";

/**
 * One step.
 */
export type StepState = { 
/**
 * Its id within the job.
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
 * How it stands.
 */
status: BuildStatus, 
/**
 * Milliseconds since 1970.
 */
started_at: number | null, 
/**
 * Milliseconds.
 */
duration_ms: number | null, 
/**
 * How long it took before, milliseconds.
 */
expected_ms: number | null, 
/**
 * How far it is.
 */
progress: ProgressState | null, 
/**
 * What it waits for.
 */
waiting: WaitingState | null, 
/**
 * What a person should know.
 */
warnings: Array<string>, 
/**
 * Why it failed.
 */
failure: Failure | null, 
/**
 * Whether it was not done again, as its result was remembered.
 */
cached: boolean, 
/**
 * Whether the build will wait before it.
 */
pause: boolean, 
/**
 * What a person is asked about it now.
 */
question: Question | null, };
