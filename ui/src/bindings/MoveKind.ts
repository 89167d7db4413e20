// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * How a channel came to point elsewhere.
 */
export type MoveKind = "assigned" | "rolledback" | "emptied";
