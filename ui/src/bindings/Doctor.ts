// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { AcceleratorVerdict } from "./AcceleratorVerdict";
import type { Check } from "./Check";

/**
 * The whole answer.
 */
export type Doctor = { 
/**
 * The accelerator, with its measurement.
 */
accelerator: AcceleratorVerdict, 
/**
 * Everything else.
 */
checks: Array<Check>, };
