// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { NodeIdentity } from "./NodeIdentity";
import type { ProcessIdentity } from "./ProcessIdentity";

/**
 * What is known of a resource once it was acquired.
 */
export type Evidence = { "kind": "plain" } | { "kind": "process", 
/**
 * Number, start time, boot.
 */
identity: ProcessIdentity, } | { "kind": "node", 
/**
 * Device and number.
 */
node: NodeIdentity, };
