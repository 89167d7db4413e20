// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A console to connect to.
 */
export type OpenedConsole = { 
/**
 * A websocket's address. It works once, and for a moment only.
 */
address: string, };
