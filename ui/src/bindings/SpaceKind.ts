// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What one kind of thing takes.
 */
export type SpaceKind = { 
/**
 * `library`, `downloads`, `checkpoints`, `builds`, `trash`.
 */
id: string, 
/**
 * A human title.
 */
title: string, 
/**
 * Where.
 */
path: string, 
/**
 * Bytes allocated on disk.
 */
used: number, 
/**
 * Bytes that would be freed by deleting it.
 */
freed_if_deleted: number, };
