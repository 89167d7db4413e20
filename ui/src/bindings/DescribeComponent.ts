// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Asks about a component and perhaps one of its options.
 */
export type DescribeComponent = { 
/**
 * `qemu`, `provisioner.shell`, or one option of it: `qemu.disk_size`, `provisioner.shell.inline`.
 */
subject: string, };
