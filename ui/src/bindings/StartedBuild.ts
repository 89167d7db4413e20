// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Diagnostic } from "./Diagnostic";
import type { Plan } from "./Plan";

/**
 * A build that was started.
 */
export type StartedBuild = { 
/**
 * Names it.
 */
build: string, 
/**
 * What runs, with secrets taken out.
 */
plan: Plan, 
/**
 * Warnings about the template.
 */
diagnostics: Array<Diagnostic>, };
