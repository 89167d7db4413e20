// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * How far a task is.
 */
export type TaskProgress = { 
/**
 * What it does now.
 */
title: string, 
/**
 * How much is done, in `unit`.
 */
done: number, 
/**
 * How much there is, when known.
 */
total: number | null, 
/**
 * `bytes` or `percent`.
 */
unit: string, 
/**
 * Whether it is over.
 */
finished: boolean, };
