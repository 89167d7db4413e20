// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Answer } from "./Answer";
import type { AskedScript } from "./AskedScript";
import type { BuildId } from "./BuildId";
import type { Evidence } from "./Evidence";
import type { Failure } from "./Failure";
import type { IntentId } from "./IntentId";
import type { Outcome } from "./Outcome";
import type { Plan } from "./Plan";
import type { ProducedFile } from "./ProducedFile";
import type { Resource } from "./Resource";
import type { Unit } from "./Unit";
import type { When } from "./When";

/**
 * One line of the journal.
 */
export type Entry = { 
/**
 * 1, 2, 3 without gaps.
 */
seq: number, 
/**
 * Milliseconds since 1970.
 */
at: number, } & ({ "fact": "Opened", 
/**
 * [`SCHEMA`] of the writer.
 */
schema: number, 
/**
 * Which build.
 */
build: BuildId, 
/**
 * The writer's version.
 */
goldsmith: string, 
/**
 * Where the control socket is.
 */
control: string, 
/**
 * Where the build's temporary files are.
 */
runtime: string, 
/**
 * What will be done, redacted.
 */
plan: Plan, } | { "fact": "JobStarted", 
/**
 * Its name.
 */
job: string, } | { "fact": "StepStarted", 
/**
 * Of which job.
 */
job: string, 
/**
 * Its id within the job.
 */
step: string, 
/**
 * As shown.
 */
title: string, 
/**
 * How long it took before, milliseconds.
 */
expected_ms?: number | null, } | { "fact": "Progress", 
/**
 * Of which job.
 */
job: string, 
/**
 * Of which step.
 */
step: string, 
/**
 * So many.
 */
done: number, 
/**
 * Of so many, where that is known.
 */
total: number | null, 
/**
 * Of these.
 */
unit: Unit, } | { "fact": "Waiting", 
/**
 * Of which job.
 */
job: string, 
/**
 * Which step.
 */
step: string, 
/**
 * Short name of the stage reached: `connecting`, `port_open`, `banner`, `auth_refused`.
 */
stage: string, 
/**
 * One sentence for people.
 */
explanation: string, } | { "fact": "Warned", 
/**
 * Of which job.
 */
job: string, 
/**
 * In which step.
 */
step: string, 
/**
 * The sentence.
 */
text: string, } | { "fact": "StepReused", 
/**
 * Of which job.
 */
job: string, 
/**
 * Which step.
 */
step: string, } | { "fact": "CheckpointTaken", 
/**
 * Of which job.
 */
job: string, 
/**
 * In which step.
 */
step: string, 
/**
 * After what, as shown.
 */
after: string, 
/**
 * Bytes it takes.
 */
size: number, 
/**
 * How long the build waited for it, milliseconds.
 */
duration_ms: number, } | { "fact": "ScreenTaken", 
/**
 * Of which job.
 */
job: string, 
/**
 * File name within the build's `screens/`.
 */
file: string, 
/**
 * Pixels.
 */
width: number, 
/**
 * Pixels.
 */
height: number, 
/**
 * It is the screen at the end of this step.
 */
after?: string | null, } | { "fact": "HoleFilled", 
/**
 * Of which job.
 */
job: string, 
/**
 * `port:ssh`, `build.Host`.
 */
name: string, 
/**
 * With what, redacted.
 */
value: string, } | { "fact": "IntentRecorded", 
/**
 * Under this number.
 */
intent: IntentId, 
/**
 * For which job; none when for the whole build.
 */
job: string | null, 
/**
 * What, under an identity we chose.
 */
resource: Resource, } | { "fact": "Acquired", 
/**
 * Which.
 */
intent: IntentId, 
/**
 * What identifies it beyond what was chosen.
 */
evidence: Evidence, } | { "fact": "Released", 
/**
 * Which.
 */
intent: IntentId, 
/**
 * Why it is still there.
 */
error?: string | null, } | { "fact": "Kept", 
/**
 * Which.
 */
intent: IntentId, } | { "fact": "StepFinished", 
/**
 * Of which job.
 */
job: string, 
/**
 * Which.
 */
step: string, 
/**
 * How.
 */
outcome: Outcome, 
/**
 * Milliseconds.
 */
duration_ms: number, 
/**
 * Why not.
 */
failure?: Failure | null, } | { "fact": "Asked", 
/**
 * Of which job.
 */
job: string, 
/**
 * Which step.
 */
step: string, 
/**
 * Why it failed; at a pause, what it waits for.
 */
failure: Failure, 
/**
 * Nothing failed: a person wants to look before it goes on.
 */
paused?: boolean, 
/**
 * Whether the build can go on without the step.
 */
can_skip?: boolean, 
/**
 * What can be changed before the next try.
 */
script?: AskedScript | null, } | { "fact": "PauseSet", 
/**
 * Of which job.
 */
job: string, 
/**
 * Which step.
 */
step: string, 
/**
 * Whether it waits.
 */
on: boolean, } | { "fact": "AskSet", 
/**
 * A person is asked.
 */
on: boolean, } | { "fact": "Answered", 
/**
 * Of which job.
 */
job: string, 
/**
 * Which step.
 */
step: string, 
/**
 * What.
 */
answer: Answer, } | { "fact": "ArtifactProduced", 
/**
 * Of which job.
 */
job: string, 
/**
 * Packer's builder id: `transcend.qemu`.
 */
builder_id: string, 
/**
 * Its files.
 */
files: Array<ProducedFile>, } | { "fact": "FilesProduced", 
/**
 * Of which job.
 */
job: string, 
/**
 * By which step.
 */
step: string, 
/**
 * These.
 */
files: Array<ProducedFile>, } | { "fact": "VersionAdded", 
/**
 * Of which job.
 */
job: string, 
/**
 * Of which image.
 */
image: string, 
/**
 * Its number.
 */
version: number, 
/**
 * Identity of the content.
 */
digest: string, } | { "fact": "JobFinished", 
/**
 * Which.
 */
job: string, 
/**
 * How.
 */
outcome: Outcome, 
/**
 * Milliseconds.
 */
duration_ms: number, } | { "fact": "CancelRequested", 
/**
 * How soon.
 */
when: When, } | { "fact": "Finished", 
/**
 * How.
 */
outcome: Outcome, 
/**
 * Milliseconds.
 */
duration_ms: number, 
/**
 * The first error.
 */
failure?: Failure | null, } | { "fact": "Interrupted", 
/**
 * What was found and removed.
 */
released: Array<string>, 
/**
 * What could not be removed, and why.
 */
left: Array<string>, });
