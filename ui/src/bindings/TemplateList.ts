// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { RecentTemplate } from "./RecentTemplate";
import type { Starter } from "./Starter";

/**
 * Templates to offer.
 */
export type TemplateList = { 
/**
 * Opened lately, newest first.
 */
recent: Array<RecentTemplate>, 
/**
 * Starters that come with Goldsmith.
 */
starters: Array<Starter>, };
