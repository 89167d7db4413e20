// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { LogSection } from "./LogSection";

/**
 * A log as it stands, step by step in the order they began to write.
 */
export type LogSections = { 
/**
 * Lines in all.
 */
total: number, 
/**
 * Lines that speak of an error.
 */
errors: number, 
/**
 * The steps.
 */
sections: Array<LogSection>, };
