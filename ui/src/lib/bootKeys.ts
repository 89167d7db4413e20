// A boot command as Packer reads it: characters, keys in angle brackets, and waits.
// Facts: the boot command of Packer's qemu builder (docs of packer-plugin-sdk/bootcommand).

export type BootPart =
  | { kind: 'text'; text: string }
  | { kind: 'key'; name: string; text: string; press: 'tap' | 'hold' | 'release' }
  | { kind: 'wait'; text: string; ms: number }
  | { kind: 'hole'; text: string }
  | { kind: 'unknown'; text: string };

/** Keys and what they are called on a keyboard. */
export const bootKeys: Readonly<Record<string, string>> = {
  bs: 'Backspace', del: 'Del', enter: 'Enter', return: 'Enter', esc: 'Esc', tab: 'Tab', spacebar: 'Space', menu: 'Menu',
  up: '↑', down: '↓', left: '←', right: '→', home: 'Home', end: 'End', insert: 'Insert', pageup: 'Page Up', pagedown: 'Page Down',
  leftalt: 'Alt', rightalt: 'Right Alt', leftctrl: 'Ctrl', rightctrl: 'Right Ctrl', leftshift: 'Shift', rightshift: 'Right Shift',
  leftsuper: 'Super', rightsuper: 'Right Super',
  ...Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`f${n + 1}`, `F${n + 1}`])),
};

const unit: Record<string, number> = { ns: 1e-6, us: 1e-3, 'µs': 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** "5" is seconds, "1m30s" as Go writes durations; null when it is neither. */
function waited(text: string): number | null {
  if (text === '') return 1000;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return null;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)].reduce((sum, [, figure, name]) => sum + Number(figure) * (unit[name ?? ''] ?? 0), 0);
}

function part(inside: string): BootPart {
  const text = `<${inside}>`;
  const name = inside.toLowerCase();
  const wait = /^wait(.*)$/.exec(name);
  if (wait) {
    const ms = waited(wait[1] ?? '');
    return ms === null ? { kind: 'unknown', text } : { kind: 'wait', text, ms };
  }
  if (bootKeys[name]) return { kind: 'key', name: bootKeys[name], text, press: 'tap' };
  const held = /^(.+?)(on|off)$/.exec(name);
  const key = held?.[1] ?? '';
  const shown = bootKeys[key] ?? (key.length === 1 ? key : undefined);
  if (held && shown) return { kind: 'key', name: shown, text, press: held[2] === 'on' ? 'hold' : 'release' };
  return { kind: 'unknown', text };
}

/** One entry of a boot command in its parts. */
export function bootParts(entry: string): BootPart[] {
  const parts: BootPart[] = [];
  const pattern = /\{\{.*?\}\}|[$%]\{[^}]*\}|<([^<>\s]+)>/g;
  let from = 0;
  const plain = (to: number) => {
    if (to > from) parts.push({ kind: 'text', text: entry.slice(from, to) });
  };
  for (const match of entry.matchAll(pattern)) {
    plain(match.index);
    parts.push(match[1] === undefined ? { kind: 'hole', text: match[0] } : part(match[1]));
    from = match.index + match[0].length;
  }
  plain(entry.length);
  return parts;
}

/** How long the waits of a boot command take together, in milliseconds. */
export function bootWaits(entries: readonly string[]): number {
  return entries.flatMap(bootParts).reduce((sum, one) => sum + (one.kind === 'wait' ? one.ms : 0), 0);
}
