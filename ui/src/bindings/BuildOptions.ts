// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { OnError } from "./OnError";

/**
 * How to plan and build.
 */
export type BuildOptions = { 
/**
 * Delete an existing output folder first. Packer's `-force`.
 */
force: boolean, 
/**
 * Ignore checkpoints and remembered results.
 */
no_cache: boolean, 
/**
 * Fetch nothing; use what the caches hold.
 */
offline: boolean, 
/**
 * Leave the library alone.
 */
no_library: boolean, 
/**
 * Skip sources that are not ours; the run is marked partial.
 */
skip_foreign: boolean, 
/**
 * What to do when a step fails. Packer's `-on-error`.
 */
on_error: OnError, 
/**
 * At most so many builds at once; 0 is no limit. Packer's `-parallel-builds`.
 */
parallel: number, };
