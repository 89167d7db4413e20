// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What runs a suite.
 */
export type Runner = "shell" | "bats" | "testinfra" | "serverspec" | "inspec" | "goss" | "pester" | "robot" | "openscap" | "command";
