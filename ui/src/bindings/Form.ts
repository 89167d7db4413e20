// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { FormGroup } from "./FormGroup";
import type { OutlineNode } from "./OutlineNode";
import type { Place } from "./Place";

/**
 * The form of a block.
 */
export type Form = { 
/**
 * The block, as edits name it.
 */
block: string, 
/**
 * What to call it, as in the outline.
 */
title: string, 
/**
 * `source`, `provisioner`, `variable` ...
 */
kind: string, 
/**
 * Its labels.
 */
labels: Array<string>, 
/**
 * What it does.
 */
help: string | null, 
/**
 * The fields under their headings, in the order of the option table.
 */
groups: Array<FormGroup>, 
/**
 * The blocks in it.
 */
nested: Array<OutlineNode>, 
/**
 * Whether it is a component that Goldsmith keeps but does not build.
 */
foreign: boolean, 
/**
 * Where it is.
 */
place: Place, };
