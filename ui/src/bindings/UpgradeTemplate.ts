// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Writes a JSON template as HCL.
 */
export type UpgradeTemplate = { 
/**
 * The file. Absent for a text.
 */
path: string | null, 
/**
 * The text, where there is no file.
 */
text: string | null, 
/**
 * Where to write it; nowhere when absent.
 */
output: string | null, 
/**
 * Whether comments explain each part.
 */
annotations: boolean, };
