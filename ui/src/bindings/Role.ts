// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * In which capacity something was done. One person has all of them on a workstation; the journal still says
 * which.
 */
export type Role = "author" | "tester" | "releaser" | "keeper" | "clock";
