// Completion, hover, fixes, declarations, references and renaming in the built window, over a double of the backend.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { build } from 'vite';
import { accept, matching } from '../src/lib/completion';
import type { CompletionItem } from '../src/api';
import { openWindow, quit, type Shown, type WindowOptions } from './support/window';

let shown: Shown | undefined;
async function open(options: WindowOptions = {}): Promise<Shown> {
  shown = await openWindow({ open: true, ...options });
  await shown.page.waitForSelector('.cm-content');
  return shown;
}
/** The middle of a word in the line that holds a text. */
async function pointOf({ page }: Shown, line: string, word: string): Promise<{ x: number; y: number }> {
  await page.locator('.cm-line', { hasText: line }).first().scrollIntoViewIfNeeded();
  return page.evaluate(([line, word]) => {
    const found = [...document.querySelectorAll('.cm-line')].find((one) => one.textContent?.includes(line));
    const walk = document.createTreeWalker(found ?? document.body, NodeFilter.SHOW_TEXT);
    let before = 0;
    const wanted = (found?.textContent ?? '').lastIndexOf(word) + 1;
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const length = node.textContent?.length ?? 0;
      if (before + length <= wanted) {
        before += length;
        continue;
      }
      const range = document.createRange();
      range.setStart(node, wanted - before);
      range.setEnd(node, wanted - before + 1);
      const { x, y, width, height } = range.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    }
    throw new Error(`${word} is not shown`);
  }, [line, word] as const);
}
const use = 'disk_size   = var.disk_size';
const caretLine = (page: Shown['page']) => page.textContent('.cm-activeLine');

beforeAll(async () => {
  await build({ root: new URL('..', import.meta.url).pathname, logLevel: 'error' });
});
afterEach(async () => {
  await shown?.close();
  shown = undefined;
});
afterAll(quit);

describe.each(['light', 'dark'] as const)('in the text, %s', (theme) => {
  test('what is typed is completed, with help beside it, by keyboard', async () => {
    const { page, double } = await open({ theme });
    await page.click('.cm-line:has-text("nginx and the exporter")');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.keyboard.type('mem', { delay: 40 });
    await page.waitForSelector('.cm-tooltip-autocomplete');
    await page.waitForSelector('.cm-completionInfo:has-text("How much memory")');
    await page.waitForTimeout(120);
    await page.keyboard.press('Enter');
    await page.keyboard.type('4096');
    await expect.poll(() => double.text).toContain('\n  memory = 4096\n');
  });

  test('the pointer over a name shows what it is and comes to', async () => {
    const { page } = await open({ theme });
    const box = await pointOf(shown!, use, 'disk_size');
    await page.mouse.move(box.x - 3, box.y);
    await page.mouse.move(box.x, box.y);
    await page.waitForSelector('.cm-tooltip-hover .cm-note-value:has-text("bookworm")');
    const colours = await page.evaluate(() => {
      const note = document.querySelector('.cm-note-value');
      const style = note && getComputedStyle(note);
      return style ? [style.color, style.backgroundColor] : [];
    });
    expect(colours[0]).not.toBe(colours[1]);
  });
});

test('F12 goes to the declaration, Shift F12 lists the places, F2 renames them as one step', async () => {
  const window = await open();
  const { page, double } = window;
  const uses = double.text.split('var.disk_size').length - 1;
  const at = await pointOf(window, use, 'disk_size');
  await page.mouse.click(at.x, at.y);
  await page.keyboard.press('Shift+F12');
  await page.getByRole('dialog').getByRole('option').first().waitFor();
  expect(await page.getByRole('dialog').getByRole('option').count()).toBe(uses + 1);
  await page.keyboard.press('Escape');
  await page.mouse.click(at.x, at.y);
  await page.keyboard.press('F12');
  await expect.poll(() => caretLine(page)).toContain('variable "disk_size"');
  await page.keyboard.press('F2');
  await page.fill('[data-testid="rename"]', 'room');
  await page.keyboard.press('Enter');
  await expect.poll(() => double.text).toContain('variable "room"');
  expect(double.text).not.toContain('var.disk_size');
  expect(double.text.split('var.room').length - 1).toBe(uses);
  await page.click('[data-testid="undo"]');
  await expect.poll(() => double.text).toContain('variable "disk_size"');
  expect(double.text).not.toContain('room"');
});

test('Ctrl Shift O lists the symbols of the file and goes to one', async () => {
  const { page } = await open();
  await page.keyboard.press('Control+Shift+o');
  await page.fill('[data-testid="choose"]', 'virtualbox');
  await page.keyboard.press('Enter');
  await expect.poll(() => caretLine(page)).toContain('source "virtualbox-iso" "web"');
});

test('blocks fold and unfold', async () => {
  const { page } = await open();
  await page.locator('.cm-line', { hasText: 'source "qemu"' }).click();
  await page.waitForSelector('.cm-foldGutter span[title="Fold line"]');
  await page.keyboard.press('Control+Shift+BracketLeft');
  await page.waitForSelector('.cm-foldPlaceholder');
  await page.keyboard.press('Control+Shift+BracketRight');
  await page.waitForSelector('.cm-foldPlaceholder', { state: 'detached' });
});

test('a problem with a remedy has a button that applies it', async () => {
  const { page, double } = await open();
  await page.click('.cm-line:has-text("nginx and the exporter")');
  await page.keyboard.press('Home');
  await page.keyboard.press('Control+ArrowRight');
  for (let n = 0; n < 3; n += 1) await page.keyboard.press('ArrowLeft');
  await page.keyboard.type('m');
  await page.waitForSelector('.cm-lintRange-error');
  await page.keyboard.press('Escape');
  await page.hover('.cm-lintRange-error');
  await page.click('.cm-diagnosticAction');
  await expect.poll(() => double.text).toContain('memory      = 2048');
  expect(double.text).not.toContain('memmory');
});

test('an expression field completes var. and keeps to the keyboard', async () => {
  const { page, double } = await open();
  const field = page.getByTestId('expression-disk_size');
  await field.fill('var.cp');
  await page.getByRole('listbox').getByRole('option', { name: /cpus/ }).waitFor();
  await page.keyboard.press('Enter');
  expect(await field.inputValue()).toBe('var.cpus');
  await page.keyboard.press('Enter');
  await expect.poll(() => double.text).toMatch(/disk_size\s+= var\.cpus/);
});

test('completions match by their start first, and fill in their places', () => {
  const item = (label: string, insert = label, snippet = false): CompletionItem => ({ label, kind: 'name', detail: null, note: null, insert, snippet, rank: 10 });
  const items = [item('format'), item('output_format'), item('qcow2')];
  expect(matching(items, 'form').map((one) => one.label)).toEqual(['format', 'output_format']);
  expect(matching(items, '"qc').map((one) => one.label)).toEqual(['qcow2']);
  expect(accept('a = up', 4, 6, item('upper', 'upper(${1})', true))).toEqual({ text: 'a = upper()', from: 10, to: 10 });
  expect(accept('x', 0, 1, item('size', 'size = ${1:8G} ${2}', true))).toEqual({ text: 'size = 8G ', from: 7, to: 9 });
});
