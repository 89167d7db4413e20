// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A picture of a guest's screen.
 */
export type ScreenPicture = { 
/**
 * The build or run.
 */
build: string, 
/**
 * The file a `ScreenTaken` fact names; the newest when absent.
 */
file: string | null, };
