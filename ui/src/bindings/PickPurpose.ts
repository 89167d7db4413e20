// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a file dialog is for.
 */
export type PickPurpose = "open_file" | "open_folder" | "save_file";
