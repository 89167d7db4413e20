// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Diagnostic } from "./Diagnostic";
import type { Place } from "./Place";

/**
 * One option of a block.
 */
export type Field = { 
/**
 * Packer's own name.
 */
name: string, 
/**
 * A human title.
 */
title: string, 
/**
 * Which widget suits: `string`, `integer`, `bool`, `duration`, `size`, `list`, `integer_list`, `rows`,
 * `map`, `block`, or `expression` for a value of any kind.
 */
type: string, 
/**
 * Its unit.
 */
unit: string | null, 
/**
 * What it does.
 */
help: string, 
/**
 * Its default, as written.
 */
default: string | null, 
/**
 * Whether it must be set.
 */
required: boolean, 
/**
 * Whether most people never touch it.
 */
advanced: boolean, 
/**
 * Whether it is set.
 */
set: boolean, 
/**
 * The source of the value, exactly as in the file.
 */
text: string | null, 
/**
 * The value when it is written out: a string, number, bool, list or map without anything to evaluate.
 */
literal: unknown, 
/**
 * What an expression comes to, for reading; absent for a written-out value and for what is not known.
 */
resolved: string | null, 
/**
 * The values it may take, when few.
 */
choices: Array<string>, 
/**
 * What is wrong with it.
 */
problems: Array<Diagnostic>, 
/**
 * Whether its value is a secret.
 */
sensitive: boolean, 
/**
 * What a path points at: `file`, `folder` or `output`.
 */
path: string | null, 
/**
 * Why it should not be used any more.
 */
deprecated: string | null, 
/**
 * Whether it stands in the file as a comment, from which it can be switched on again.
 */
disabled: boolean, 
/**
 * Where it is set.
 */
place: Place | null, };
