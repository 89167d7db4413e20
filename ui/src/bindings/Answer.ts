// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * When a failed step shall be dealt with; see [`Fact::Asked`].
 */
export type Answer = "clean_up" | "abort" | "retry" | "skip";
