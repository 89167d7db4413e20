// Keys of a guest's keyboard: as X11 keysyms for the screen's protocol, and as Packer writes them in a boot_command.

/** X11 keysyms of what can be pressed by a button (X11/keysymdef.h). */
export const keysyms = {
  Escape: 0xff1b,
  Tab: 0xff09,
  Enter: 0xff0d,
  Shift: 0xffe1,
  Control: 0xffe3,
  Alt: 0xffe9,
  Super: 0xffeb,
  Delete: 0xffff,
  F1: 0xffbe,
} as const;

/** Characters that a US keyboard types with Shift, and the key each is on. */
const shifted: Record<string, string> = Object.fromEntries(
  [...'~!@#$%^&*()_+{}|:"<>?'].map((character, at) => [character, '`1234567890-=[]\\;\',./'[at] ?? '']),
);

/** How a character is typed on a US keyboard: with Shift or without; null for one that it does not have. */
export function typed(character: string): { keysym: number; shift: boolean } | null {
  if (character === '\n') return { keysym: keysyms.Enter, shift: false };
  if (character === '\t') return { keysym: keysyms.Tab, shift: false };
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code > 0x7e) return null;
  return { keysym: code, shift: character in shifted || (character >= 'A' && character <= 'Z') };
}

/** Names of keys in a boot_command, by the browser's name of the key. */
const named: Record<string, string> = {
  Enter: '<enter>', Escape: '<esc>', Tab: '<tab>', Backspace: '<bs>', Delete: '<del>', Insert: '<insert>', Home: '<home>', End: '<end>',
  PageUp: '<pageUp>', PageDown: '<pageDown>', ArrowUp: '<up>', ArrowDown: '<down>', ArrowLeft: '<left>', ArrowRight: '<right>', ContextMenu: '<menu>',
  ...Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`F${n + 1}`, `<f${n + 1}>`])),
};

export interface Stroke {
  /** The browser's name of the key: a character, or such as "Enter". */
  key: string;
  ctrl?: boolean;
  alt?: boolean;
  meta?: boolean;
  /** Milliseconds. */
  at: number;
}

/** A pause that is longer than this is a wait for the machine. */
const pause = 1500;

/** One stroke as a boot_command writes it; empty for what is none (Shift alone, say). */
function written({ key, ctrl, alt, meta }: Stroke): string {
  let text = named[key];
  if (text === undefined) {
    if ([...key].length !== 1) return '';
    // A character that begins a key's name, typed as its key so that nothing after it makes a name of it.
    text = key === '<' ? '<leftShiftOn>,<leftShiftOff>' : key === ' ' ? '<spacebar>' : key;
    // Within a text a space is a space.
    if (key === ' ' && !ctrl && !alt && !meta) text = ' ';
  }
  if (meta) text = `<leftSuperOn>${text}<leftSuperOff>`;
  if (alt) text = `<leftAltOn>${text}<leftAltOff>`;
  if (ctrl) text = `<leftCtrlOn>${text}<leftCtrlOff>`;
  return text;
}

/**
 * What was typed as a boot_command: an entry per line typed and per wait. Waits are whole seconds, rounded up: a
 * machine that is a little slower next time still finds the keys in time.
 */
export function bootCommand(strokes: readonly Stroke[]): string[] {
  const entries: string[] = [];
  let line = '';
  const close = () => {
    if (line) entries.push(line);
    line = '';
  };
  let before: number | undefined;
  for (const stroke of strokes) {
    const text = written(stroke);
    if (text === '') continue;
    if (before !== undefined && stroke.at - before > pause) {
      close();
      entries.push(`<wait${Math.ceil((stroke.at - before) / 1000)}s>`);
    }
    before = stroke.at;
    line += text;
    if (stroke.key === 'Enter') close();
  }
  close();
  return entries;
}
