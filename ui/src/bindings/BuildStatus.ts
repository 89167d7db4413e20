// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * How a build, job or step stands.
 */
export type BuildStatus = "pending" | "running" | "asking" | "succeeded" | "failed" | "cancelled" | "interrupted" | "skipped";
