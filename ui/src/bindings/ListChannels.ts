// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Whose channels.
 */
export type ListChannels = { 
/**
 * The image; all when absent.
 */
image: string | null, };
