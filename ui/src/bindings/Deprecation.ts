// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { VersionId } from "./VersionId";

/**
 * A deprecation.
 */
export type Deprecation = { 
/**
 * When.
 */
at: string, 
/**
 * Why.
 */
reason: string | null, 
/**
 * The version to take instead.
 */
replacement: VersionId | null, };
