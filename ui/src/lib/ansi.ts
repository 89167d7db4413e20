// Colours of terminal output, as marks that the window's own colours answer to.

export interface Run {
  text: string;
  /** Class names: `c0` to `c15` for the sixteen colours, `bold`, `dim`, `underline`. */
  marks: string;
}

/** A line's text and what changes its look; other escape sequences and control characters are left out. */
// eslint-disable-next-line no-control-regex
const pieces = /\u001b\[([0-9;]*)m|\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** The sixteen colours nearest to one of 256, or to red, green and blue. */
function nearest(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  if (most - least < 40) return most > 200 ? 15 : most > 130 ? 7 : most > 60 ? 8 : 0;
  const half = (most + least) / 2;
  const base = (red > half ? 1 : 0) | (green > half ? 2 : 0) | (blue > half ? 4 : 0);
  return most > 200 ? base + 8 : base;
}
function of256(n: number): number {
  if (n < 16) return n;
  if (n >= 232) return nearest((n - 232) * 10 + 8, (n - 232) * 10 + 8, (n - 232) * 10 + 8);
  const level = (at: number) => (at === 0 ? 0 : 55 + at * 40);
  return nearest(level(Math.floor((n - 16) / 36)), level(Math.floor((n - 16) / 6) % 6), level((n - 16) % 6));
}

/** Splits a line into runs of one look. */
export function runs(line: string): Run[] {
  if (!line.includes('\u001b')) {
    pieces.lastIndex = 0;
    return [{ text: line.replace(pieces, ''), marks: '' }];
  }
  const out: Run[] = [];
  let colour = -1;
  const on = new Set<string>();
  let from = 0;
  const put = (text: string) => {
    if (text) out.push({ text, marks: [...(colour >= 0 ? [`c${colour}`] : []), ...on].join(' ') });
  };
  for (const piece of line.matchAll(pieces)) {
    put(line.slice(from, piece.index));
    from = piece.index + piece[0].length;
    if (piece[1] === undefined) continue;
    const codes = piece[1] === '' ? [0] : piece[1].split(';').map(Number);
    for (let at = 0; at < codes.length; at += 1) {
      const code = codes[at] ?? 0;
      if (code === 0) {
        colour = -1;
        on.clear();
      } else if (code === 1) on.add('bold');
      else if (code === 2) on.add('dim');
      else if (code === 4) on.add('underline');
      else if (code === 22) {
        on.delete('bold');
        on.delete('dim');
      } else if (code === 24) on.delete('underline');
      else if (code >= 30 && code <= 37) colour = code - 30;
      else if (code >= 90 && code <= 97) colour = code - 82;
      else if (code === 39) colour = -1;
      else if (code === 38 || code === 48) {
        const paint = codes[at + 1] === 5 ? of256(codes[at + 2] ?? 0) : nearest(codes[at + 2] ?? 0, codes[at + 3] ?? 0, codes[at + 4] ?? 0);
        if (code === 38) colour = paint;
        at += codes[at + 1] === 5 ? 2 : 4;
      }
    }
  }
  put(line.slice(from));
  return out;
}

/** Splits runs further so that every place with the words, in any case, is a run of its own with the mark `hit`. */
export function marked(parts: readonly Run[], words: string): Run[] {
  if (words === '') return [...parts];
  const wanted = words.toLowerCase();
  return parts.flatMap((part) => {
    const lower = part.text.toLowerCase();
    // A letter whose small form is longer would shift every place after it.
    if (lower.length !== part.text.length) return [part];
    const out: Run[] = [];
    let from = 0;
    for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
      if (at > from) out.push({ text: part.text.slice(from, at), marks: part.marks });
      from = at + wanted.length;
      out.push({ text: part.text.slice(at, from), marks: `${part.marks} hit`.trim() });
    }
    if (from < part.text.length) out.push({ text: part.text.slice(from), marks: part.marks });
    return out;
  });
}
