// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { OutlineNode } from "./OutlineNode";

/**
 * The blocks of a project.
 */
export type Outline = { 
/**
 * The blocks at the top of the files, in the order of the files.
 */
nodes: Array<OutlineNode>, };
