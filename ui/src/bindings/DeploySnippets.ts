// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Snippet } from "./Snippet";

/**
 * Files to be saved.
 */
export type DeploySnippets = { 
/**
 * `name@version`.
 */
image: string, 
/**
 * The files.
 */
snippets: Array<Snippet>, };
