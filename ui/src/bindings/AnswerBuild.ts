// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Answer } from "./Answer";

/**
 * Answers the question a failed step of a build asks.
 */
export type AnswerBuild = { 
/**
 * The build's id.
 */
build: string, 
/**
 * The job that asks.
 */
job: string, 
/**
 * What to do.
 */
answer: Answer, 
/**
 * With `retry`: these commands in the place of those that stand in the template.
 */
inline: string | null, };
