// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What is known of an option.
 */
export type OptionDoc = { 
/**
 * Packer's own name.
 */
name: string, 
/**
 * A human title.
 */
title: string, 
/**
 * Its type, such as `string`, `list of strings`, `duration`.
 */
type_name: string, 
/**
 * The default, in words.
 */
default: string | null, 
/**
 * Its unit, such as `MiB`.
 */
unit: string | null, 
/**
 * The group it is shown in.
 */
group: string, 
/**
 * Whether it must be set.
 */
required: boolean, 
/**
 * Whether most people never touch it.
 */
advanced: boolean, 
/**
 * Whether its value is a secret.
 */
sensitive: boolean, 
/**
 * What it does.
 */
help: string, 
/**
 * The values it may take, when few.
 */
choices: Array<string>, 
/**
 * Why it should not be used any more.
 */
deprecated: string | null, };
