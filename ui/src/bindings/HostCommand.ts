// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A program of this machine.
 */
export type HostCommand = { 
/**
 * `qemu-img`.
 */
program: string, 
/**
 * What for.
 */
why: string, };
