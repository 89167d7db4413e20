// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { CatalogueEntry } from "./CatalogueEntry";
import type { OptionDoc } from "./OptionDoc";

/**
 * What is known of a component.
 */
export type ComponentDoc = { 
/**
 * The component.
 */
entry: CatalogueEntry, 
/**
 * Its options.
 */
options: Array<OptionDoc>, };
