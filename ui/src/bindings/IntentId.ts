// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * An intent within one build's journal: 1, 2, 3 in the order they were recorded.
 */
export type IntentId = number;
