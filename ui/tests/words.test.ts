// The window's words: one catalogue, and every language complete.
import { describe, expect, test } from 'vitest';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { de } from '../src/lib/text/de';
import { en } from '../src/lib/text/en';

/** Every name in a catalogue, with what kind of thing it is. */
function names(words: object, before = ''): Map<string, string> {
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(words) as [string, unknown][]) {
    const name = `${before}${key}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) for (const [inner, kind] of names(value, `${name}.`)) all.set(inner, kind);
    else all.set(name, Array.isArray(value) ? `list of ${value.length}` : typeof value === 'function' ? `function of ${value.length}` : typeof value);
  }
  return all;
}

describe('German', () => {
  const [english, german] = [names(en), names(de)];
  test('has every text that English has', () => {
    expect([...english.keys()].filter((name) => !german.has(name))).toEqual([]);
  });
  test('has none that English does not have, and each of the same shape', () => {
    expect([...german].filter(([name, kind]) => english.get(name) !== kind)).toEqual([]);
  });
  test('says something everywhere, and something else than English in most places', () => {
    const texts = (words: object): string[] => (Object.values(words) as unknown[]).flatMap((one) => (typeof one === 'string' ? [one] : typeof one === 'object' && one ? texts(one) : []));
    expect(texts(de).filter((text) => text.trim() === '')).toEqual([]);
    const same = texts(de).filter((text) => texts(en).includes(text));
    expect(same.length / texts(de).length).toBeLessThan(0.12);
  });
});

test('no component has words of its own', () => {
  const src = new URL('../src', import.meta.url).pathname;
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.svelte'));
  expect(files.length).toBeGreaterThan(50);
  const found = files.flatMap((file) => {
    const text = readFileSync(join(src, file), 'utf8');
    const markup = text.replace(/<script[\s\S]*?<\/script>/g, '').replace(/<style[\s\S]*?<\/style>/g, '').replace(/<!--[\s\S]*?-->/g, '');
    // Words between tags, and in attributes that are read out or shown.
    const between = [...markup.matchAll(/>([^<>{}]*[A-Za-z]{3,}[^<>{}]*)</g)].map((match) => match[1]!.trim());
    const attributes = [...markup.matchAll(/\b(?:aria-label|title|placeholder|label)="([^"{}]*[A-Za-z]{3,}[^"{}]*)"/g)].map((match) => match[1]!);
    return [...between, ...attributes].filter((words) => /[A-Za-z]{3,}/.test(words) && !/^(Ctrl|Esc|Shift|Alt|Goldsmith|SHA-256)\b|^\//.test(words) && !words.includes('=>') && !words.includes('&&')).map((words) => `${file}: ${words}`);
  });
  expect(found).toEqual([]);
});
