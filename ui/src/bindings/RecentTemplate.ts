// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A template that was opened before.
 */
export type RecentTemplate = { 
/**
 * Its path.
 */
path: string, 
/**
 * What to call it.
 */
name: string, 
/**
 * When it was opened last, in milliseconds since 1970.
 */
opened_at: number, 
/**
 * Whether it is still there.
 */
exists: boolean, };
