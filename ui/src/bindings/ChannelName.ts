// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * The name of a channel: as an image's name, but it must not look like a version (`3`, `latest`).
 */
export type ChannelName = string;
