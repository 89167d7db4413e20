// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * The commands of a step that failed, for a person to change before it is tried again.
 */
export type AskedScript = { 
/**
 * Commands that stand in the template itself, one a line, as they ran. None when there are none, or when they
 * hold a sensitive value, which must not be shown.
 */
inline: string | null, 
/**
 * Script files on this computer, absolute; they are read again at the next try.
 */
files: Array<string>, };
