// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { CacheKind } from "./CacheKind";

/**
 * One thing that is remembered.
 */
export type CacheEntry = { 
/**
 * Names it.
 */
id: string, 
/**
 * What it is.
 */
kind: CacheKind, 
/**
 * Of which template.
 */
template: string | null, 
/**
 * Of which job.
 */
job: string | null, 
/**
 * The step it was taken after, as shown.
 */
after: string | null, 
/**
 * How long the steps took that it saves, in milliseconds.
 */
saves_ms: number | null, 
/**
 * Bytes it takes.
 */
bytes: number, 
/**
 * When it was made or last used, in milliseconds since 1970.
 */
used_at: number, };
