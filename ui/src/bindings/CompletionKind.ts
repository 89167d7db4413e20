// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a completion stands for; decides its icon.
 */
export type CompletionKind = "block" | "option" | "type" | "value" | "variable" | "local" | "source" | "function" | "name" | "field";
