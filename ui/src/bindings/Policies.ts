// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Policy } from "./Policy";
import type { Retention } from "./Retention";

/**
 * All policies of a library. The defaults ask for nothing that a person alone would not want: production
 * refuses a version that will be revoked within a week, and nothing is collected.
 */
export type Policies = { 
/**
 * For development channels.
 */
dev: Policy, 
/**
 * For staging channels.
 */
staging: Policy, 
/**
 * For production channels.
 */
production: Policy, 
/**
 * What may be collected.
 */
retention: Retention, };
