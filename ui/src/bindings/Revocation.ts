// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { RevocationSeverity } from "./RevocationSeverity";
import type { VersionId } from "./VersionId";

/**
 * One cause for which a version is revoked.
 */
export type Revocation = { 
/**
 * When.
 */
at: string, 
/**
 * Why.
 */
reason: string | null, 
/**
 * How bad.
 */
severity: RevocationSeverity, 
/**
 * The ancestor it comes from.
 */
cause: VersionId | null, };
