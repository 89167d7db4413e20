// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a fold hides.
 */
export type FoldKind = "region" | "comment";
