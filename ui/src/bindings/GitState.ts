// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { GitCommit } from "./GitCommit";

/**
 * What git knows of a template's folder; nothing where there is no repository or no git.
 */
export type GitState = { 
/**
 * The branch, or the short name of the commit where no branch is checked out. Absent without a repository.
 */
branch: string | null, 
/**
 * Files of the template that differ from the last commit, as they are in the window; new ones too.
 */
changed: Array<string>, 
/**
 * The last commit that touched the template.
 */
commit: GitCommit | null, };
