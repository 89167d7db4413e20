// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { FoldKind } from "./FoldKind";

/**
 * Lines that can be folded away; the first one stays.
 */
export type Fold = { 
/**
 * First line, from 1.
 */
line: number, 
/**
 * Last line that is hidden, from 1.
 */
end_line: number, 
/**
 * What is hidden.
 */
kind: FoldKind, };
