// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Dates } from "./Dates";
import type { Deprecation } from "./Deprecation";
import type { ExportFact } from "./ExportFact";
import type { Hold } from "./Hold";
import type { Release } from "./Release";
import type { Revocation } from "./Revocation";
import type { SuiteResult } from "./SuiteResult";

/**
 * All that was done to a version since it was made.
 */
export type Life = { 
/**
 * The latest result of each suite.
 */
suites: { [key in string]: SuiteResult }, 
/**
 * The release.
 */
release: Release | null, 
/**
 * The deprecation.
 */
deprecation: Deprecation | null, 
/**
 * Why it is revoked; empty when it is not.
 */
revocations: Array<Revocation>, 
/**
 * When it was retired.
 */
retired_at: string | null, 
/**
 * Protection.
 */
hold: Hold | null, 
/**
 * Dates to come.
 */
dates: Dates, 
/**
 * Labels.
 */
labels: { [key in string]: string }, 
/**
 * A remark.
 */
note: string | null, 
/**
 * Copies outside the library, latest last.
 */
exports: Array<ExportFact>, };
