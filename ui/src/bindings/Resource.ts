// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { ProcessMark } from "./ProcessMark";

/**
 * Something outside our memory. Its identity is chosen by us before it exists, so that whoever reads the journal
 * after a crash can tell ours from anybody else's.
 */
export type Resource = { "kind": "process", 
/**
 * For people: `qemu-system-x86_64`.
 */
name: string, 
/**
 * How to recognise it.
 */
mark: ProcessMark, } | { "kind": "directory", 
/**
 * Where it ends up.
 */
path: string, 
/**
 * Where it is made; a name nobody else uses.
 */
staged: string, } | { "kind": "file", 
/**
 * Absolute path.
 */
path: string, } | { "kind": "socket", 
/**
 * Absolute path.
 */
path: string, } | { "kind": "listener", 
/**
 * `127.0.0.1:8123`; before it is bound, the range.
 */
address: string, } | { "kind": "lock", 
/**
 * Absolute path.
 */
path: string, };
