// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { RequiredPlugin } from "./RequiredPlugin";

/**
 * The plugins a template asks for.
 */
export type RequiredPlugins = { 
/**
 * In the order of the template.
 */
plugins: Array<RequiredPlugin>, };
