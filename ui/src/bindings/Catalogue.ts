// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { CatalogueEntry } from "./CatalogueEntry";

/**
 * Every component that can be added to a template, for the catalogue.
 */
export type Catalogue = { 
/**
 * The components.
 */
components: Array<CatalogueEntry>, };
