// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A file or folder, told apart from one that was put in its place.
 */
export type NodeIdentity = { 
/**
 * Device.
 */
device: number, 
/**
 * Number on it.
 */
inode: number, };
