// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Accelerator } from "./Accelerator";

/**
 * The accelerator to use, and why.
 */
export type AcceleratorVerdict = { 
/**
 * QEMU's name for it.
 */
chosen: string, 
/**
 * Every accelerator that was tried.
 */
measured: Array<Accelerator>, 
/**
 * Why this one, for people.
 */
explanation: string, };
