// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What an open template is compared with.
 */
export type Against = "disk" | "git";
