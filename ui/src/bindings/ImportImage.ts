// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { DiskFormat } from "./DiskFormat";

/**
 * Makes a version of an existing disk image.
 */
export type ImportImage = { 
/**
 * The file: qcow2, raw, vmdk, vdi, vhdx, vhd or OVA.
 */
path: string, 
/**
 * The image it becomes a version of; the file's name when absent.
 */
image: string | null, 
/**
 * Its format, which a raw disk without a partition table needs.
 */
format: DiskFormat | null, 
/**
 * The user to log in as when the image runs.
 */
ssh_user: string | null, 
/**
 * It boots with UEFI firmware.
 */
uefi: boolean, 
/**
 * A name chosen by the asker: progress is on the stream `task/<name>`, `cancel_task` stops it.
 */
task: string | null, };
