// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * How to recognise a process whose start nobody may have seen.
 */
export type ProcessMark = { 
/**
 * A value nobody else uses, in its environment as `GOLDSMITH_MARK`.
 */
mark: string, 
/**
 * Its control socket, when it answers there with its own identity.
 */
control?: string | null, 
/**
 * The UUID it answers with there.
 */
uuid?: string | null, };
