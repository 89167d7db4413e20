// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { CompletionKind } from "./CompletionKind";
import type { Note } from "./Note";

/**
 * One thing that can be written.
 */
export type CompletionItem = { 
/**
 * What the list shows, and what typing is compared with.
 */
label: string, 
/**
 * What it stands for.
 */
kind: CompletionKind, 
/**
 * A few words behind it: a type, a default.
 */
detail: string | null, 
/**
 * More about it.
 */
note: Note | null, 
/**
 * What is written. Places to fill in are `${1:text}`, numbered in order, when it is a snippet.
 */
insert: string, 
/**
 * Whether `insert` holds places to fill in.
 */
snippet: boolean, 
/**
 * Lower comes first.
 */
rank: number, };
