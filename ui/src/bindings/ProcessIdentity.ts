// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * One process, told apart from any later one that gets the same number: its start time (clock ticks since boot,
 * `/proc/<pid>/stat` field 22) and the boot it belongs to. Safe to write into a journal and to act on after a
 * crash or a reboot.
 */
export type ProcessIdentity = { 
/**
 * Process number.
 */
pid: number, 
/**
 * Clock ticks since boot.
 */
start_time: number, 
/**
 * `/proc/sys/kernel/random/boot_id`.
 */
boot_id: string, };
