// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Brings files into canonical format.
 */
export type FormatFiles = { 
/**
 * Files, or folders whose `*.pkr.hcl` and `*.pkrvars.hcl` are meant.
 */
paths: Array<string>, 
/**
 * The folders below as well.
 */
recursive: boolean, 
/**
 * Whether they are written; else it is only said what would change.
 */
write: boolean, };
