// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a console shows.
 */
export type ConsoleKind = { "kind": "screen", } | { "kind": "shell", 
/**
 * Width of the terminal in characters.
 */
columns: number, 
/**
 * Height in lines.
 */
rows: number, };
