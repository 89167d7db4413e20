// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What sort of failure it is: decides who can do something about it, and the exit code.
 */
export type ErrorKind = "input" | "environment" | "guest" | "cancelled" | "internal";
