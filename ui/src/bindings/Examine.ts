// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Examines this computer.
 */
export type Examine = { 
/**
 * Measure again even where a measurement is remembered.
 */
fresh: boolean, };
