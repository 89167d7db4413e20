// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Verdict } from "./Verdict";

/**
 * One row.
 */
export type Check = { 
/**
 * Stable name, such as `qemu`.
 */
id: string, 
/**
 * For people.
 */
title: string, 
/**
 * How it came out.
 */
verdict: Verdict, 
/**
 * What was seen: versions, paths, numbers.
 */
evidence: string, 
/**
 * What does not work because of it.
 */
cost: string | null, 
/**
 * What to do.
 */
remedy: string | null, 
/**
 * The command that does it, to be copied.
 */
command: string | null, };
