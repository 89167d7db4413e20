// A log folded by step: which row of the list is which line.
import type { LogSection } from '../api';

export interface Folded {
  /** Rows in all: a head for each section, and the lines of those that are open. */
  rows: number;
  /** The row of each section's head. */
  heads: number[];
}

export function fold(sections: readonly LogSection[], open: (section: LogSection, at: number) => boolean): Folded {
  const heads: number[] = [];
  let rows = 0;
  sections.forEach((section, at) => {
    heads.push(rows);
    rows += 1 + (open(section, at) ? section.lines : 0);
  });
  return { rows, heads };
}

/** The section a row is in, and its place there: -1 for the head, else the line from 0. */
export function placeOf({ heads }: Folded, row: number): { section: number; line: number } {
  let low = 0;
  let high = heads.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((heads[middle] ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return { section: low, line: row - (heads[low] ?? 0) - 1 };
}
