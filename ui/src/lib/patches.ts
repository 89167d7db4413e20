// Positions and patches between the backend's files and the text pane.
import type { Patch, Utf16Position } from '../api';

/** A stretch of a file, lines from 1. */
export interface Span {
  line: number;
  column: number;
  end_line: number;
  end_column: number;
}

/** The offset of a position (line and UTF-16 column, both from 0) in a text with any line ends. */
export function offsetOf(text: string, position: Utf16Position): number {
  let start = 0;
  for (let line = 0; line < position.line; line += 1) {
    const next = text.indexOf('\n', start);
    if (next < 0) return text.length;
    start = next + 1;
  }
  return Math.min(start + position.column, text.length);
}

/** A text with patches made to it. All of them speak of the text before the change, in rising order. */
export function applyPatches(text: string, patches: readonly Patch[]): string {
  return patches.reduceRight(
    (result, patch) => result.slice(0, offsetOf(text, patch.from)) + patch.text + result.slice(offsetOf(text, patch.to)),
    text,
  );
}
