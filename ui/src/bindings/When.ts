// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * How soon.
 */
export type When = "unwind" | "kill";
