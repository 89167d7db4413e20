// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A request that needs to say nothing.
 */
export type Nothing = Record<symbol, never>;
