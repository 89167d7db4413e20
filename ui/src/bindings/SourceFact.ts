// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * One thing an image was made from.
 */
export type SourceFact = { "kind": "file", 
/**
 * URL or path as written.
 */
url: string, 
/**
 * `algorithm:hex` when it was checked.
 */
checksum: string | null, } | { "kind": "packages", 
/**
 * `debian` or `ubuntu`.
 */
distribution: string, 
/**
 * For example `trixie`.
 */
suite: string, 
/**
 * The mirror, without credentials.
 */
mirror: string, 
/**
 * Number of packages installed, when known.
 */
installed: number | null, } | { "kind": "version", 
/**
 * Its id.
 */
id: string, 
/**
 * `name@number`.
 */
name: string, 
/**
 * The channel that was asked for, if one was; `latest` for whatever is newest.
 */
channel: string | null, 
/**
 * Identity of its content.
 */
content?: string | null, };
