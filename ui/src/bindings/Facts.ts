// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Durations } from "./Durations";
import type { SourceFact } from "./SourceFact";

/**
 * What is known about how a version was made. Every field may be absent; fields of a newer Goldsmith are
 * kept in `more`. Never holds a secret: variables marked sensitive appear by name only.
 */
export type Facts = { 
/**
 * Where the template was, as the user wrote it.
 */
template_path: string | null, 
/**
 * The folder the build was started in, which relative paths of the template start from.
 */
folder: string | null, 
/**
 * SHA-256 over the template's files.
 */
template_digest: string | null, 
/**
 * The template's files: name to text.
 */
template_files: { [key in string]: string }, 
/**
 * Variables that were not sensitive: name to value as text.
 */
variables: { [key in string]: string }, 
/**
 * Names of the sensitive variables.
 */
secret_variables: Array<string>, 
/**
 * The build's id.
 */
build: string | null, 
/**
 * The job inside the template, for example `qemu.debian`.
 */
job: string | null, 
/**
 * Time spent.
 */
durations: Durations, 
/**
 * Version of Goldsmith.
 */
goldsmith: string | null, 
/**
 * Version of QEMU.
 */
qemu: string | null, 
/**
 * The accelerator used (`tcg`, `kvm`).
 */
accelerator: string | null, 
/**
 * The host, in words.
 */
host: string | null, 
/**
 * What the image was made from.
 */
sources: Array<SourceFact>, 
/**
 * The user to log in as when the image runs.
 */
ssh_user: string | null, 
/**
 * `bios`, `efi` or `both`.
 */
firmware: string | null, 
/**
 * Memory in MiB the build used, the default for a run.
 */
memory_mib: number | null, 
/**
 * Virtual CPUs the build used.
 */
cpus: number | null, 
/**
 * Things worth knowing.
 */
notes: Array<string>, 
/**
 * Things to be careful about: identity or build credentials that remain in the image.
 */
warnings: Array<string>, };
