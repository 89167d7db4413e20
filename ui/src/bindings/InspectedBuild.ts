// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A build a template describes.
 */
export type InspectedBuild = { 
/**
 * Its full name, as `-only` matches it.
 */
name: string, 
/**
 * The type of its source, such as `qemu`.
 */
source_type: string, 
/**
 * Its provisioners, in order.
 */
provisioners: Array<string>, 
/**
 * Its chains of post-processors.
 */
post_processors: Array<Array<string>>, };
