import { describe, expect, test } from 'vitest';
import type { BuildState, Field, Patch } from '../src/api';
import { marked, runs } from '../src/lib/ansi';
import { timeLeft } from '../src/lib/estimate';
import { fold, placeOf } from '../src/lib/folded';
import { bootCommand, typed, type Stroke } from '../src/lib/keys';
import { asList, editorOf, exactly } from '../src/lib/fields';
import { ago, duration, folderName, measured, shortDigest, size } from '../src/lib/format';
import { report } from '../src/lib/failure';
import { isTrouble, plain } from '../src/lib/lines';
import { applyPatches, offsetOf } from '../src/lib/patches';

describe('figures', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [1024 * 1024, '1 MiB'],
    [643 * 1024 * 1024, '643 MiB'],
    [null, '–'],
  ])('%s bytes are written %s', (bytes, text) => expect(size(bytes)).toBe(text));

  test.each([
    [0, '0:00'],
    [7400, '0:07'],
    [134_000, '2:14'],
    [3_723_000, '1:02:03'],
    [null, '–'],
  ])('%s ms are written %s', (ms, text) => expect(duration(ms)).toBe(text));

  test('times are relative', () => {
    const now = Date.UTC(2026, 0, 10);
    expect(ago(now - 10_000, now)).toBe('just now');
    expect(ago(now - 180_000, now)).toBe('3 minutes ago');
    expect(ago(now - 86_400_000, now)).toBe('yesterday');
  });

  test('measurements, folders and digests', () => {
    expect(measured(34)).toBe('34 ms');
    expect(measured(1240)).toBe('1.2 s');
    expect(folderName('/a/b/c.pkr.hcl')).toBe('/a/b');
    expect(shortDigest('blake3:0123456789abcdef')).toBe('0123456789ab');
  });
});

describe('patches', () => {
  const at = (line: number, column: number) => ({ line, column });
  const patch = (from: [number, number], to: [number, number], text: string): Patch => ({ file: 'a', start: 0, end: 0, from: at(...from), to: at(...to), text });

  test('positions count UTF-16 units and keep line ends', () => {
    expect(offsetOf('a\r\nb\r\n', at(1, 0))).toBe(3);
    expect(offsetOf('x = "😀"\ny', at(0, 7))).toBe(7);
    expect(offsetOf('one', at(5, 0))).toBe(3);
  });

  test('several patches speak of the text before them', () => {
    const text = 'memory = 512\ncpus   = 1\n';
    expect(applyPatches(text, [patch([0, 9], [0, 12], '2048'), patch([1, 9], [1, 10], '4')])).toBe('memory = 2048\ncpus   = 4\n');
  });
});

describe('log lines', () => {
  test('lose what only a terminal understands', () => {
    expect(plain('\u001b[1;32mok\u001b[0m done\u001b]0;title\u0007')).toBe('ok done');
    expect(plain('100%\r')).toBe('100%');
  });
  test.each([
    ['E: Unable to locate package ngnix', true],
    ['make: *** [all] Error: 2', true],
    ['ok=3 changed=1 failed=0', false],
    ['Setting up liberror-perl', false],
    ['0 errors, 2 notes', false],
  ])('%s', (text, expected) => expect(isTrouble(text)).toBe(expected));
});

describe('fields', () => {
  const field = (more: Partial<Field>): Field => ({
    name: 'memory', title: 'Memory', type: 'string', unit: null, help: '', default: null, required: false, advanced: false, set: false, text: null, literal: null,
    resolved: null, choices: [], problems: [], sensitive: false, path: null, deprecated: null, disabled: false, place: null, ...more,
  });

  test('the control fits the value that stands in the template', () => {
    expect(editorOf(field({ type: 'integer' }), null)).toBe('number');
    expect(editorOf(field({ type: 'integer', set: true, text: 'var.memory' }), null)).toBe('expression');
    expect(editorOf(field({ type: 'bool', set: true, text: 'true', literal: true }), null)).toBe('bool');
    expect(editorOf(field({ choices: ['kvm', 'tcg'] }), null)).toBe('choice');
    expect(editorOf(field({ type: 'list', set: true, text: '["a"]', literal: ['a'] }), null)).toBe('list');
    expect(editorOf(field({ type: 'map' }), null)).toBe('map');
    expect(editorOf(field({}), 'expression')).toBe('expression');
  });

  test('typed text becomes the value it stands for', () => {
    expect(exactly(field({ type: 'integer' }), '2048')).toEqual({ kind: 'number', value: 2048 });
    expect(exactly(field({}), '2048')).toEqual({ kind: 'string', value: '2048' });
    expect(exactly(field({}), 'var.suite')).toEqual({ kind: 'expression', value: 'var.suite' });
    expect(exactly(field({}), 'disk-${var.suite}')).toEqual({ kind: 'template', value: 'disk-${var.suite}' });
    expect(asList(field({ type: 'integer_list' }), ['0', '3'])).toEqual({ kind: 'list', value: [{ kind: 'number', value: 0 }, { kind: 'number', value: 3 }] });
  });
});

test('a failure is reported with cause, remedy and place', () => {
  const text = report({
    code: 'x', kind: 'input', title: 'It failed', causes: ['of this'], hints: ['do that'],
    span: { file: 'a.hcl', line: 3, column: 5, end_line: 3, end_column: 9, start: 0, end: 4 }, log_tail: ['last line'],
  });
  expect(text).toBe('It failed\n  because of this\n  try: do that\n  at a.hcl:3:5\n\nlast line');
});

describe('keys', () => {
  const at = (key: string, ms: number, more: Partial<Stroke> = {}): Stroke => ({ key, at: ms, ...more });
  test('what is typed becomes a boot_command with its waits', () => {
    const line = [...'cd /x'].map((key, n) => at(key, n * 100));
    expect(bootCommand([...line, at('Enter', 600), at('Shift', 700), at('Y', 5200), at('Tab', 5300)])).toEqual(['cd /x<enter>', '<wait5s>', 'Y<tab>']);
    expect(bootCommand([at('F2', 0, { ctrl: true, alt: true }), at('c', 10, { ctrl: true })])).toEqual(['<leftCtrlOn><leftAltOn><f2><leftAltOff><leftCtrlOff><leftCtrlOn>c<leftCtrlOff>']);
    // A typed "<" must not become the beginning of a key's name.
    expect(bootCommand([...'<tab>'].map((key, n) => at(key, n)))).toEqual(['<leftShiftOn>,<leftShiftOff>tab>']);
    expect(bootCommand([at('Control', 0), at('Dead', 1)])).toEqual([]);
  });
  test('characters are typed as a US keyboard does', () => {
    expect(typed('a')).toEqual({ keysym: 0x61, shift: false });
    expect(typed('A')).toEqual({ keysym: 0x41, shift: true });
    expect(typed('"')?.shift).toBe(true);
    expect(typed("'")?.shift).toBe(false);
    expect(typed('\n')).toEqual({ keysym: 0xff0d, shift: false });
    expect(typed('ä')).toBeNull();
  });
});

describe('terminal colours', () => {
  test('runs of one look, without what only a terminal understands', () => {
    expect(runs('plain\u0007')).toEqual([{ text: 'plain', marks: '' }]);
    expect(runs('a\u001b[1;31mred\u001b[0m b\u001b]0;title\u0007')).toEqual([{ text: 'a', marks: '' }, { text: 'red', marks: 'c1 bold' }, { text: ' b', marks: '' }]);
    expect(runs('\u001b[38;5;196mx\u001b[39m\u001b[38;2;0;255;0my')).toEqual([{ text: 'x', marks: 'c9' }, { text: 'y', marks: 'c10' }]);
  });
  test('matches are marked across looks, in any case', () => {
    expect(marked([{ text: 'An Error, error', marks: 'c1' }], 'error').map((part) => [part.text, part.marks])).toEqual([['An ', 'c1'], ['Error', 'c1 hit'], [', ', 'c1'], ['error', 'c1 hit']]);
  });
});

test('a folded log knows which row is which line', () => {
  const sections = [3, 1_000_000, 2].map((lines, n) => ({ job: 'a', step: String(n), lines, errors: 0 }));
  const folded = fold(sections, (_, n) => n !== 0);
  expect(folded).toEqual({ rows: 3 + 1_000_002, heads: [0, 1, 1_000_002] });
  expect(placeOf(folded, 0)).toEqual({ section: 0, line: -1 });
  expect(placeOf(folded, 1)).toEqual({ section: 1, line: -1 });
  expect(placeOf(folded, 1_000_001)).toEqual({ section: 1, line: 999_999 });
  expect(placeOf(folded, 1_000_004)).toEqual({ section: 2, line: 1 });
});

test('the time left is a sum of what is known, or nothing', () => {
  const step = (id: string, status: string, started_at: number | null = null) => ({ id, status, started_at, expected_ms: null });
  const build = { jobs: [{ name: 'j', steps: [step('a', 'succeeded'), step('b', 'running', 1000), step('c', 'pending')] }] } as unknown as BuildState;
  const times = (ids: string[]) => ({ builds: [], steps: ids.map((id) => ({ job: 'j', step: id, last_ms: 1, median_ms: 10_000, spread_ms: 500 })) });
  expect(timeLeft(build, times(['b', 'c']), 5000)).toEqual({ left: 16_000, spread: 1000 });
  expect(timeLeft(build, times(['b']), 5000)).toBeNull();
  expect(timeLeft(build, null, 5000)).toBeNull();
});
