// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a command reads or changes; a face that shows an area asks again when it is made stale.
 */
export type Area = "templates" | "session" | "builds" | "runs" | "library" | "host" | "settings";
