// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Something `inspect` says.
 */
export type InspectedLine = { 
/**
 * `ui` for what people see, else a category for programs.
 */
category: string, 
/**
 * What it says.
 */
values: Array<string>, };
