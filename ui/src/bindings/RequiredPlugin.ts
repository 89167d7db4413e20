// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A plugin a template asks for.
 */
export type RequiredPlugin = { 
/**
 * The name the template gives it.
 */
name: string, 
/**
 * Where Packer has it from, such as `github.com/hashicorp/qemu`.
 */
source: string, 
/**
 * Which versions will do.
 */
version: string, 
/**
 * Whether what it is for is built in here.
 */
built_in: boolean, };
