// Lines of a log, as they are shown.

/** Terminal escape sequences: colours, cursor movement, titles. */
// eslint-disable-next-line no-control-regex
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;
// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** A line without what only a terminal understands. */
export function plain(text: string): string {
  return text.replace(escapes, '').replace(controls, '');
}

const trouble = /(^E:|^error\b|\berror:|\bfatal\b|\bfailed\b|\bfailure\b|\bpanic\b|traceback \(most|cannot |could not |unable to )/i;
const harmless = /\b(0 (errors?|failed)|no errors?|errors?=0|failed=0)\b/i;

/** Whether a line speaks of an error. */
export function isTrouble(text: string): boolean {
  return trouble.test(text) && !harmless.test(text);
}
