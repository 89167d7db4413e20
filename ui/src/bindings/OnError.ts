// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What to do when a step fails.
 */
export type OnError = "cleanup" | "abort" | "ask" | "run_cleanup_provisioner";
