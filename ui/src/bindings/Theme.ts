// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Light or dark.
 */
export type Theme = "system" | "light" | "dark";
