// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Field } from "./Field";

/**
 * Fields under one heading.
 */
export type FormGroup = { 
/**
 * The heading.
 */
name: string, 
/**
 * The fields.
 */
fields: Array<Field>, };
