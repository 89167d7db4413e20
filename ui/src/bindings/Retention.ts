// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What may be collected, and what may not.
 */
export type Retention = { 
/**
 * Keep the newest so many versions of each image that no channel ever pointed to; nothing is ever
 * collected when absent.
 */
keep_last: number | null, 
/**
 * ... and every such version younger than this, in days.
 */
min_age_days: number, 
/**
 * Purge what has been in the trash so many days; never when absent.
 */
trash_days: number | null, 
/**
 * The last so many distinct versions of each production channel are never collected.
 */
rollback_depth: number, };
