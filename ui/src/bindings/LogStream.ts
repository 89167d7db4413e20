// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Where a line came from.
 */
export type LogStream = "stdout" | "stderr" | "note";
