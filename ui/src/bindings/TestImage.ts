// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { SuiteRequest } from "./SuiteRequest";

/**
 * Tests a version: a throw-away copy boots, suites look at it, verdicts are recorded.
 */
export type TestImage = { 
/**
 * The image or version.
 */
image: string, 
/**
 * Suites to run; those of the folder when empty.
 */
suites: Array<SuiteRequest>, 
/**
 * The folder whose `*.goldsmith.hcl` hold suites; that of the template it was built from when absent.
 */
folder: string | null, 
/**
 * Only the suites of these names; all when empty.
 */
only: Array<string>, 
/**
 * The user to log in as; `root` when absent.
 */
user: string | null, 
/**
 * A private key the image accepts.
 */
key: string | null, 
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
 * How long to wait for the login, in seconds; ten minutes when absent.
 */
wait_s: number | null, 
/**
 * Do not keep the verdicts in the library.
 */
no_record: boolean, };
