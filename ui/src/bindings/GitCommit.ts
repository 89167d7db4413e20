// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A commit.
 */
export type GitCommit = { 
/**
 * Its short name.
 */
id: string, 
/**
 * Who wrote it.
 */
author: string, 
/**
 * When, in milliseconds since 1970.
 */
at: number, 
/**
 * The first line of its message.
 */
subject: string, };
