// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A file that was changed here and by another program in the same lines.
 */
export type DiskConflict = { 
/**
 * The file.
 */
file: string, 
/**
 * Whether it was deleted.
 */
deleted: boolean, 
/**
 * From what is on disk to what is here, as a unified diff.
 */
difference: string, };
