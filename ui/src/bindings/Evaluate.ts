// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Evaluates an expression.
 */
export type Evaluate = { 
/**
 * The open template.
 */
session: string, 
/**
 * The expression; for a JSON template a text with `{{ }}`.
 */
expression: string, };
