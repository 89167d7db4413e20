// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * It is done, and there is nothing more to say.
 */
export type Done = Record<symbol, never>;
