// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Theme } from "./Theme";

/**
 * Settings, kept in the configuration folder.
 */
export type Settings = { 
/**
 * Light or dark.
 */
theme: Theme, 
/**
 * How many finished builds to keep.
 */
keep_builds: number, 
/**
 * Values of the window's own layout, which only the window reads.
 */
layout: Record<string, unknown>, };
