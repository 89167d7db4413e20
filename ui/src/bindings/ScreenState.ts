// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A picture of the guest's screen.
 */
export type ScreenState = { 
/**
 * File name within the build's `screens/`.
 */
file: string, 
/**
 * Pixels.
 */
width: number, 
/**
 * Pixels.
 */
height: number, 
/**
 * Milliseconds since 1970.
 */
at: number, };
