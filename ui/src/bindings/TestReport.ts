// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { SuiteReport } from "./SuiteReport";

/**
 * What all suites said of a version.
 */
export type TestReport = { 
/**
 * `name@number`.
 */
image: string, 
/**
 * Identity of the content they ran on.
 */
content: string, 
/**
 * The suites, in order.
 */
suites: Array<SuiteReport>, 
/**
 * Whether the image is the same bytes after the tests as before; nothing when that was not looked at.
 */
unchanged: boolean | null, };
