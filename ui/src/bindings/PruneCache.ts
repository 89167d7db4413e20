// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Removes what is remembered.
 */
export type PruneCache = { 
/**
 * Everything, not only what is over the limits of the settings.
 */
all: boolean, };
