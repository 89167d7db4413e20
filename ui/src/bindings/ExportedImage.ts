// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Exported } from "./Exported";

/**
 * A file that was written.
 */
export type ExportedImage = { 
/**
 * `name@version`.
 */
image: string, 
/**
 * The file.
 */
exported: Exported, };
