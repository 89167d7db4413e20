// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Place } from "./Place";

/**
 * One block.
 */
export type OutlineNode = { 
/**
 * Names it in forms and edits; see [`crate::blocks`].
 */
id: string, 
/**
 * `source`, `build`, `provisioner` ...
 */
kind: string, 
/**
 * Its labels.
 */
labels: Array<string>, 
/**
 * What to call it: `qemu.web`, `shell`, the name of a variable.
 */
title: string, 
/**
 * What sets it apart from its neighbours: a script, a name, a default.
 */
detail: string | null, 
/**
 * From its first to its last character.
 */
place: Place, 
/**
 * Errors in it, blocks inside it included.
 */
errors: number, 
/**
 * Warnings in it, blocks inside it included.
 */
warnings: number, 
/**
 * Whether it is a component that Goldsmith keeps but does not build.
 */
foreign: boolean, 
/**
 * Whether it is turned into comments, or in a JSON template left out of every build; see [`crate::disabled`].
 */
disabled: boolean, 
/**
 * The blocks in it.
 */
children: Array<OutlineNode>, };
