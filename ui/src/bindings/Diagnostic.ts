// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { Fix } from "./Fix";
import type { Place } from "./Place";
import type { Related } from "./Related";
import type { Severity } from "./Severity";

/**
 * A problem or a remark about a template.
 */
export type Diagnostic = { 
/**
 * How much it matters.
 */
severity: Severity, 
/**
 * A stable short name such as `syntax.unclosed-block`, for tests, filters and documentation.
 */
code: string, 
/**
 * One sentence that says what is wrong.
 */
message: string, 
/**
 * Where, when it is somewhere.
 */
place: Place | null, 
/**
 * The offending text, shortened to one line.
 */
excerpt: string | null, 
/**
 * What to do about it.
 */
help: string | null, 
/**
 * Other places that explain this one.
 */
related: Array<Related>, 
/**
 * A change that removes the problem, when there is exactly one sensible change.
 */
fix: Fix | null, };
