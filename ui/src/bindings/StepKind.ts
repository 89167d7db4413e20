// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What kind of thing a step does: for icons and grouping, nothing else.
 */
export type StepKind = "prepare" | "download" | "disk" | "machine" | "wait" | "provision" | "shutdown" | "artifact" | "post_process" | "library";
