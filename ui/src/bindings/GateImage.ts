// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Class } from "./Class";

/**
 * Asks whether channels of a class may take a version.
 */
export type GateImage = { 
/**
 * The version.
 */
image: string, 
/**
 * The class.
 */
class: Class, };
