// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { TestReport } from "./TestReport";

/**
 * What a test said.
 */
export type TestResult = { 
/**
 * The report; nothing when the test did not get that far.
 */
report: TestReport | null, 
/**
 * The same as JUnit XML.
 */
junit: string | null, };
