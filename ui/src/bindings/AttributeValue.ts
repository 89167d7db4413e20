// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A value to write for an attribute.
 */
export type AttributeValue = { "kind": "expression", "value": string } | { "kind": "string", "value": string } | { "kind": "template", "value": string } | { "kind": "number", "value": number } | { "kind": "bool", "value": boolean } | { "kind": "list", "value": Array<AttributeValue> } | { "kind": "map", "value": Array<[string, AttributeValue]> };
