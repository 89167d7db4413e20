// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a template is read with: the values given from outside.
 */
export type TemplateInputs = { 
/**
 * `name` and value, in order; a later one wins. Packer's `-var`.
 */
vars: Array<[string, string]>, 
/**
 * Files of values. Packer's `-var-file`.
 */
var_files: Array<string>, 
/**
 * Globs over the full names of builds to keep. Packer's `-only`.
 */
only: Array<string>, 
/**
 * Globs over the full names of builds to leave out. Packer's `-except`.
 */
except: Array<string>, };
