// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Boots a throw-away copy of an image.
 */
export type RunImage = { 
/**
 * The image or version.
 */
image: string, 
/**
 * Memory in MiB; what the image was built with when absent.
 */
memory_mb: number | null, 
/**
 * Virtual processors; what the image was built with when absent.
 */
cpus: number | null, 
/**
 * `kvm` or `tcg`; the measured best when absent.
 */
accelerator: string | null, 
/**
 * Boot with UEFI firmware instead of BIOS.
 */
uefi: boolean, 
/**
 * Also open QEMU's own window.
 */
window: boolean, };
