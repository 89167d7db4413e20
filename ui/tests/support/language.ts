// What the tests' double of the backend knows about the text: variables alone, and one option.
import type { Completions, CompletionItem, FileShape, Hover, Place, Usages, Utf16Position, ValueCompletions } from '../../src/api';
import { file } from './content';

function offset(text: string, at: Utf16Position): number {
  return text.split('\n').slice(0, at.line).reduce((sum, line) => sum + line.length + 1, 0) + at.column;
}

/** A stretch of the text; its columns count characters. */
function place(text: string, start: number, end: number): Place {
  const at = (offset: number) => {
    const lines = text.slice(0, offset).split('\n');
    return [lines.length, [...(lines.at(-1) ?? '')].length + 1] as const;
  };
  const [[line, column], [end_line, end_column]] = [at(start), at(end)];
  return { file, line, column, end_line, end_column, start: Buffer.byteLength(text.slice(0, start)), end: Buffer.byteLength(text.slice(0, end)) };
}

const item = (label: string, more: Partial<CompletionItem> = {}): CompletionItem => ({ label, kind: 'variable', detail: null, note: null, insert: label, snippet: false, rank: 10, ...more });
const declared = (text: string) => [...text.matchAll(/^variable "(\w+)"/gm)].map((match) => match[1] ?? '');

function items(text: string, before: string): { from: number; items: CompletionItem[] } {
  const variable = /var\.(\w*)$/.exec(before);
  if (variable) return { from: before.length - (variable[1] ?? '').length, items: declared(text).map((name) => item(name, { detail: 'string' })) };
  const word = /(\w*)$/.exec(before)?.[1] ?? '';
  const note = { title: 'memory', detail: 'number, in MiB, default 512', text: ['How much memory the machine has.'], value: null, declared: null };
  return { from: before.length - word.length, items: [item('memory', { kind: 'option', note, insert: 'memory = ${1:512}', snippet: true }), item('var', { kind: 'name' })] };
}

export function complete(text: string, at: Utf16Position): { completions: Completions } {
  const end = offset(text, at);
  const found = items(text, text.slice(0, end));
  return { completions: { replace: place(text, found.from, end), items: found.items } };
}

export function completeValue(text: string, value: string, at: number): ValueCompletions {
  return items(text, value.slice(0, at));
}

/** The name of the variable at a place, and where its name stands. */
function variableAt(text: string, at: number): { name: string; start: number } | null {
  for (const match of text.matchAll(/var\.(\w+)|variable "(\w+)"/g)) {
    const name = match[1] ?? match[2] ?? '';
    const start = match.index + match[0].indexOf(name, 4);
    if (match.index <= at && at <= start + name.length) return { name, start };
  }
  return null;
}

export function hover(text: string, at: Utf16Position): { hover: Hover | null } {
  const found = variableAt(text, offset(text, at));
  if (!found) return { hover: null };
  const note = { title: `var.${found.name}`, detail: 'variable, string', text: ['Which release of Debian.'], value: 'bookworm', declared: null };
  return { hover: { note, place: place(text, found.start, found.start + found.name.length) } };
}

export function usages(text: string, at: Utf16Position): Usages {
  const found = variableAt(text, offset(text, at));
  if (!found) return { symbol: null, place: null, usages: [] };
  const all = [...text.matchAll(new RegExp(`(var\\.|variable ")${found.name}\\b`, 'g'))].map((match) => {
    const start = match.index + (match[1] ?? '').length;
    const where = place(text, start, start + found.name.length);
    return { place: where, declaration: match[1] !== 'var.', text: text.split('\n')[where.line - 1]?.trim() ?? '' };
  });
  return { symbol: { kind: 'variable', name: found.name }, place: place(text, found.start, found.start + found.name.length), usages: all };
}

export function shape(text: string): FileShape {
  const symbols = [...text.matchAll(/^(\w+)((?: "[^"]*")*) \{/gm)].map((match) => {
    const start = match.index;
    const end = text.indexOf('\n}', start) + 2;
    const name = (match[2] ?? '').replaceAll('"', '').trim().replaceAll(' ', '.') || (match[1] ?? '');
    return { name, detail: match[1] ?? '', role: 'block' as const, place: place(text, start, end), name_place: place(text, start, start + match[0].length), children: [] };
  });
  const folds = symbols.map((symbol) => ({ line: symbol.place.line, end_line: symbol.place.end_line - 1, kind: 'region' as const }));
  return { symbols, folds: folds.filter((fold) => fold.end_line > fold.line) };
}
