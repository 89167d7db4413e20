// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What this computer does now.
 */
export type HostStats = { 
/**
 * When, in milliseconds since 1970.
 */
at: number, 
/**
 * Use of all processors, 0 to 100.
 */
cpu_percent: number, 
/**
 * Logical processors.
 */
cpus: number, 
/**
 * Memory in use, in bytes.
 */
memory_used: number, 
/**
 * Memory in all, in bytes.
 */
memory_total: number, 
/**
 * Free bytes where the library is.
 */
disk_free: number, 
/**
 * All bytes where the library is.
 */
disk_total: number, 
/**
 * Builds that run.
 */
builds_running: number, 
/**
 * Throw-away copies that run.
 */
runs_running: number, };
