// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A file whose format changes.
 */
export type FormattedFile = { 
/**
 * Its path.
 */
file: string, 
/**
 * The change as a unified diff.
 */
diff: string, };
