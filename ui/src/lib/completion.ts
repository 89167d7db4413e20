// Completions in a plain field: which of them match what is typed, and what taking one makes of the text.
import type { CompletionItem } from '../api';

/** Those that start with what is typed, then those that contain it; in the order of their rank. */
export function matching(items: readonly CompletionItem[], typed: string): CompletionItem[] {
  const wanted = typed.replace(/^"/, '').toLowerCase();
  const score = (item: CompletionItem) => {
    const label = item.label.toLowerCase();
    if (label === wanted) return -1;
    return label.startsWith(wanted) ? 0 : label.includes(wanted) ? 1 : 2;
  };
  return items
    .map((item) => ({ item, score: score(item) }))
    .filter((one) => one.score < 2)
    .sort((a, b) => a.score - b.score || a.item.rank - b.item.rank || a.item.label.localeCompare(b.item.label))
    .map((one) => one.item);
}

/** The text with a completion in it, and what is selected then: the first place to fill in, else the end. */
export function accept(text: string, from: number, to: number, item: CompletionItem): { text: string; from: number; to: number } {
  let written = item.insert;
  let select: [number, number] | null = null;
  if (item.snippet) {
    written = '';
    let at = 0;
    for (const match of item.insert.matchAll(/\$\{\d+(?::([^}]*))?\}/g)) {
      written += item.insert.slice(at, match.index);
      const filled = match[1] ?? '';
      select ??= [written.length, written.length + filled.length];
      written += filled;
      at = match.index + match[0].length;
    }
    written += item.insert.slice(at);
  }
  const [start, end] = select ?? [written.length, written.length];
  return { text: text.slice(0, from) + written + text.slice(to), from: from + start, to: from + end };
}
