// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Names a build.
 */
export type OfBuild = { 
/**
 * The build's id, or enough of its beginning to be unique.
 */
build: string, };
