// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Where a block goes, in relation to another one.
 */
export type Destination = { "where": "before", "block": string } | { "where": "after", "block": string };
