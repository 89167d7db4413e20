// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Dates on which a version is deprecated, revoked, retired by itself: at the next command after the moment.
 */
export type Dates = { 
/**
 * When it is deprecated.
 */
deprecate_at: string | null, 
/**
 * When it is revoked.
 */
revoke_at: string | null, 
/**
 * When it is retired.
 */
retire_at: string | null, };
