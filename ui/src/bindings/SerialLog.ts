// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a guest wrote to its serial console.
 */
export type SerialLog = { 
/**
 * The build or run.
 */
build: string, 
/**
 * From this byte.
 */
offset: number, };
