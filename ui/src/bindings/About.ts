// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * This Goldsmith.
 */
export type About = { 
/**
 * Its version.
 */
version: string, 
/**
 * The operating system's own name for itself.
 */
system: string, 
/**
 * The `goldsmith` program builds run with.
 */
program: string, 
/**
 * Where settings are.
 */
config: string, 
/**
 * Where the library is.
 */
data: string, 
/**
 * Where downloads and checkpoints are.
 */
cache: string, 
/**
 * Where journals are.
 */
state: string, 
/**
 * The user's own folder, for paths that are shown as `~/…`.
 */
home: string | null, 
/**
 * Whether the shell can show native file dialogs.
 */
dialogs: boolean, };
