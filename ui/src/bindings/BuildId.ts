// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * One build: `20261122t170501-4k9m2xqz`. Sorts by time; the eight characters after the dash are random and name
 * its folder of sockets.
 */
export type BuildId = string;
