// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Facts of a build.
 */
export type BuildFacts = { 
/**
 * The build's id.
 */
build: string, 
/**
 * Only facts numbered above this.
 */
since: number, };
