// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { BuildStatus } from "./BuildStatus";

/**
 * A running or finished copy of an image.
 */
export type RunState = { 
/**
 * Names it; also names its stream (`build/<run>`), its screen and its serial console.
 */
run: string, 
/**
 * `name@version`.
 */
image: string, 
/**
 * How it stands: `succeeded` or `cancelled` once it was stopped.
 */
status: BuildStatus, 
/**
 * When it started, in milliseconds since 1970.
 */
started_at: number, 
/**
 * The port on 127.0.0.1 that leads to the guest's SSH, once known.
 */
ssh_port: number | null, 
/**
 * A command to copy that logs in, once known.
 */
ssh_command: string | null, 
/**
 * `kvm` or `tcg`.
 */
accelerator: string | null, 
/**
 * Why it failed.
 */
failure: string | null, };
