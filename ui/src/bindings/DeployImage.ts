// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Deploy } from "./Deploy";

/**
 * Asks for what others write to use a version.
 */
export type DeployImage = { 
/**
 * The image or version.
 */
image: string, 
/**
 * Where it goes.
 */
target: Deploy, };
