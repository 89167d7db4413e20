// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * One accelerator and how the payload ran under it.
 */
export type Accelerator = { 
/**
 * QEMU's name for it: `kvm`, `tcg`.
 */
name: string, } & ({ "ms": number } | { "error": string });
