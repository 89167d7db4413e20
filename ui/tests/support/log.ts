// The log as the backend answers about it: by filters, by steps, line by line.
import type { FoundLine, LogFilter, LogLine, LogSections, LogWindow } from '../../src/api';
import { isTrouble } from '../../src/lib/lines';

const passes = (line: LogLine, filter: LogFilter) =>
  (filter.job === null || line.job === filter.job) &&
  (filter.step === null || line.step === filter.step) &&
  (!filter.errors || isTrouble(line.text)) &&
  (filter.text === '' || line.text.toLowerCase().includes(filter.text.toLowerCase()));

export function windowOf(lines: readonly LogLine[], filter: LogFilter, from: number, count: number): LogWindow {
  const found = lines.filter((line) => passes(line, filter));
  return { total: found.length, lines: found.slice(Math.max(1, from) - 1, Math.max(1, from) - 1 + Math.min(5000, count)) };
}

export function sectionsOf(lines: readonly LogLine[]): LogSections {
  const sections = new Map<string, LogSections['sections'][number]>();
  for (const line of lines) {
    const key = `${line.job}/${line.step}`;
    const section = sections.get(key) ?? { job: line.job, step: line.step, lines: 0, errors: 0 };
    section.lines += 1;
    if (isTrouble(line.text)) section.errors += 1;
    sections.set(key, section);
  }
  const all = [...sections.values()];
  return { total: lines.length, errors: all.reduce((sum, one) => sum + one.errors, 0), sections: all };
}

export function findIn(lines: readonly LogLine[], filter: LogFilter, after: number, back: boolean): FoundLine {
  const found = lines.filter((line) => passes(line, filter));
  const line = back ? (found.findLast((one) => one.n < after) ?? found.at(-1)) : (found.find((one) => one.n > after) ?? found[0]);
  if (!line) return { n: null, at: 0, total: 0, section: 0, row: 0 };
  const { sections } = sectionsOf(lines);
  return {
    n: line.n,
    at: found.indexOf(line) + 1,
    total: found.length,
    section: sections.findIndex((one) => one.job === line.job && one.step === line.step),
    row: lines.filter((one) => one.job === line.job && one.step === line.step).indexOf(line),
  };
}
