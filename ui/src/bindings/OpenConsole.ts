// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { ConsoleKind } from "./ConsoleKind";

/**
 * Opens a console of a running build or run.
 */
export type OpenConsole = { 
/**
 * The build or run.
 */
build: string, 
/**
 * Of which job; the first one that has a console when absent.
 */
job: string | null, 
/**
 * What.
 */
console: ConsoleKind, };
