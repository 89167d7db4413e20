// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Form } from "./Form";

/**
 * A form, or nothing when the block is gone.
 */
export type FormAnswer = { 
/**
 * The revision the form describes.
 */
revision: number, 
/**
 * The form.
 */
form: Form | null, };
