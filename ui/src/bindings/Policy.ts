// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a version needs before a channel of a class takes it.
 */
export type Policy = { 
/**
 * Suites that must have passed on the version's content.
 */
suites: Array<string>, 
/**
 * How old those results may be, in days.
 */
max_result_age_days: number | null, 
/**
 * How long the version must have been in a channel of the class before, in hours.
 */
min_soak_hours: number | null, 
/**
 * Whether the template's folder had to be committed when it was built.
 */
clean_tree: boolean, 
/**
 * A version that is to be revoked within so many days is not taken.
 */
revoke_margin_days: number, };
