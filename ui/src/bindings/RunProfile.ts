// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { BuildOptions } from "./BuildOptions";
import type { TemplateInputs } from "./TemplateInputs";

/**
 * A template with the values and the way it is built, under a name.
 */
export type RunProfile = { 
/**
 * Its name, unique among the profiles of its template.
 */
name: string, 
/**
 * The template: a file or folder.
 */
path: string, 
/**
 * The values it is read with; none of a sensitive variable.
 */
inputs: TemplateInputs, 
/**
 * How it is built.
 */
options: BuildOptions, 
/**
 * Sensitive variables that had a value. It is asked for when the profile is taken, and kept nowhere.
 */
ask: Array<string>, };
