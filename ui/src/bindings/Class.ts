// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a channel is for. The class decides which versions it takes.
 */
export type Class = "dev" | "staging" | "production";
