// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * The identity of an image's content; see the module.
 */
export type ContentId = string;
