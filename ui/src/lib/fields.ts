// Which control a field of the form gets, and how its value goes in and out.
import type { AttributeValue, Field } from '../api';

export type Editor = 'text' | 'number' | 'bool' | 'choice' | 'list' | 'map' | 'expression';

const lists = new Set(['list', 'integer_list']);
/** Shapes that are written as their source text. */
const sourceOnly = new Set(['rows', 'block', 'expression']);

/** The control that fits the value as it stands in the template. */
export function editorOf(field: Field, asked: 'expression' | 'literal' | null): Editor {
  if (sourceOnly.has(field.type)) return 'expression';
  const plain = !field.set || isPlain(field);
  if (asked === 'expression' || (!plain && asked !== 'literal')) return 'expression';
  if (field.type === 'bool') return 'bool';
  if (lists.has(field.type)) return 'list';
  if (field.type === 'map') return 'map';
  if (field.choices.length > 0) return 'choice';
  return field.type === 'integer' ? 'number' : 'text';
}

/** Whether the value is a plain one that a control can show. */
function isPlain(field: Field): boolean {
  const { literal } = field;
  if (literal === null || literal === undefined) return false;
  if (lists.has(field.type)) return Array.isArray(literal);
  if (field.type === 'map') return isFlat(literal);
  return typeof literal !== 'object';
}

/** Whether a map has only texts, numbers and switches in it. */
function isFlat(literal: unknown): literal is Record<string, unknown> {
  return typeof literal === 'object' && literal !== null && !Array.isArray(literal) && Object.values(literal).every((one) => one !== null && typeof one !== 'object');
}

/** A map as names and values. */
export function literalPairs(field: Field): [string, string][] {
  return field.set && isFlat(field.literal) ? Object.entries(field.literal).map(([name, value]) => [name, String(value)]) : [];
}

/** Names and values as a map; what was a number or a switch stays one. */
export function asMap(field: Field, pairs: [string, string][]): AttributeValue {
  const before = isFlat(field.literal) ? field.literal : {};
  return {
    kind: 'map',
    value: pairs.map(([name, value]): [string, AttributeValue] => {
      if (typeof before[name] === 'number' && /^-?\d+(\.\d+)?$/.test(value)) return [name, { kind: 'number', value: Number(value) }];
      if (typeof before[name] === 'boolean' && (value === 'true' || value === 'false')) return [name, { kind: 'bool', value: value === 'true' }];
      return [name, exactly({ ...field, type: 'string' }, value)];
    }),
  };
}

/** The plain value as text; empty when there is none. */
export function literalText(field: Field): string {
  const { literal } = field;
  return literal === null || literal === undefined || typeof literal === 'object' ? '' : String(literal);
}

/** The plain value as rows of text. */
export function literalList(field: Field): string[] {
  return field.set && Array.isArray(field.literal) ? field.literal.map(String) : [];
}

/** The default as a ghost. */
export function shownDefault(field: Field): string {
  return field.default ?? '';
}

/** A typed text as the value it stands for: numbers are numbers, a text that refers to something is an expression. */
export function exactly(field: Field, text: string): AttributeValue {
  if (field.type === 'integer' && /^-?\d+(\.\d+)?$/.test(text.trim())) return { kind: 'number', value: Number(text.trim()) };
  if (/^(var|local|build|data|source)\.[A-Za-z_][\w.-]*$/.test(text.trim())) return { kind: 'expression', value: text.trim() };
  // A text with a sequence in it keeps the sequence: "${var.name}-disk".
  return /[$%]\{/.test(text) ? { kind: 'template', value: text } : { kind: 'string', value: text };
}

/** Rows of text as a list value. */
export function asList(field: Field, values: string[]): AttributeValue {
  const numeric = field.type === 'integer_list';
  return { kind: 'list', value: values.map((text) => (numeric && /^-?\d+$/.test(text) ? { kind: 'number', value: Number(text) } : exactly({ ...field, type: 'string' }, text))) };
}
