// Lines of a log, as they are shown.
import { runs } from './ansi';

/** A line without what only a terminal understands: colours, cursor movement, titles. */
export function plain(text: string): string {
  return runs(text).map((run) => run.text).join('');
}

const trouble = /(^E:|^error\b|\berror:|\bfatal\b|\bfailed\b|\bfailure\b|\bpanic\b|traceback \(most|cannot |could not |unable to )/i;
const harmless = /\b(0 (errors?|failed)|no errors?|errors?=0|failed=0)\b/i;

/** Whether a line speaks of an error. */
export function isTrouble(text: string): boolean {
  return trouble.test(text) && !harmless.test(text);
}
