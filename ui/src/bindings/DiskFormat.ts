// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A disk image format Goldsmith reads and writes.
 */
export type DiskFormat = "qcow2" | "raw" | "vmdk" | "vdi" | "vhdx";
