// Access: axe-core finds nothing in any view, keys reach everything, nothing depends on colour, motion or a large window.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { build } from 'vite';
import type { Page } from 'playwright-core';
import type { AxeResults } from 'axe-core';
import { openWindow, quit, type Shown, type WindowOptions } from './support/window';
import { views } from './support/views';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let shown: Shown | undefined;
async function open(options: WindowOptions = {}): Promise<Page> {
  shown = await openWindow(options);
  return shown.page;
}

beforeAll(async () => {
  await build({ root: new URL('..', import.meta.url).pathname, logLevel: 'error' });
});
afterEach(async () => {
  await shown?.close();
  shown = undefined;
});
afterAll(quit);

async function wrong(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const results = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (place: Document | Element, options: object) => Promise<AxeResults> } };
    // Behind a sheet everything is inert: then the sheet is what there is.
    const place = document.querySelector('dialog[open]') ?? document;
    // What lies below the edge of a list that scrolls has its label there too.
    return (await axe.run(place, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], rules: { 'label-title-only': { enabled: false } } })).violations;
  });
  return results.flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`));
}

describe('axe-core', () => {
  for (const [name, options, prepare] of views) {
    test(name, async () => {
      const page = await open(options);
      await prepare(page);
      await page.waitForTimeout(200);
      const found = await wrong(page);
      await page.evaluate(() => (document.documentElement.dataset['theme'] = 'dark'));
      expect([...found, ...(await wrong(page)).map((one) => `dark: ${one}`)]).toEqual([]);
    });
  }
  for (const theme of ['light', 'dark'] as const) {
    test(`high contrast, ${theme}: text has at least 7 to 1`, async () => {
      const page = await open({ open: true, theme, keep: { contrast: 'more' } });
      await page.evaluate(axe);
      const found = await page.evaluate(async () => {
        const { axe } = window as unknown as { axe: { run: (options: object) => Promise<AxeResults> } };
        return (await axe.run({ runOnly: { type: 'rule', values: ['color-contrast-enhanced'] }, rules: { 'color-contrast-enhanced': { enabled: true } } })).violations.flatMap((one) => one.nodes.map((node) => `${node.target.join(' ')} ${node.failureSummary}`));
      });
      expect(found).toEqual([]);
    });
  }
});

describe('without a mouse', () => {
  test('Tab reaches every control of a place, and where it is can be seen', async () => {
    const page = await open({ open: true });
    const reached = new Set<string>();
    const unseen: string[] = [];
    for (let n = 0; n < 190 && !reached.has('problems'); n += 1) {
      // In the text Tab indents; Escape before it moves on.
      if (await page.evaluate(() => document.activeElement?.classList.contains('cm-content'))) await page.keyboard.press('Escape');
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement | null;
        if (!element || element === document.body) return null;
        const seen = (one: Element | null): boolean => {
          if (!one) return false;
          const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
          return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
        };
        return { name: element.getAttribute('aria-label') ?? element.dataset['testid'] ?? element.textContent?.trim().slice(0, 40) ?? '', seen: seen(element) || seen(element.parentElement) || element.classList.contains('cm-content') };
      });
      if (!at) continue;
      reached.add(at.name);
      if (!at.seen) unseen.push(at.name);
    }
    expect(unseen).toEqual([]);
    for (const name of ['Templates', 'Builds', 'Library', 'Host', 'Settings', 'values', 'validate', 'plan', 'build', 'field-memory', 'problems']) {
      expect([...reached].some((one) => one === name || one.toLowerCase().startsWith(name.toLowerCase())), `${name} in ${[...reached].join(' | ')}`).toBe(true);
    }
  });

  test('a sheet takes the keyboard, Escape gives it back to where it was', async () => {
    const page = await open({ open: true });
    await page.focus('[data-testid="values"]');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Values for this session' }).waitFor();
    for (let n = 0; n < 40; n += 1) await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null)).toBe(true);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset['testid'])).toBe('values');
  });

  test('F6 goes around the panes', async () => {
    const page = await open({ open: true });
    const seen: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      await page.keyboard.press('F6');
      seen.push(await page.evaluate(() => document.activeElement?.closest('[data-pane]')?.getAttribute('data-pane') ?? document.activeElement?.closest('nav, footer')?.tagName ?? '?'));
    }
    expect(new Set(seen).size).toBe(5);
    expect(seen).not.toContain('?');
  });
});

describe('sizes', () => {
  // 125, 150 and 200 percent of a window of 1280 by 800 and of the smallest one leave so many CSS pixels.
  for (const [width, height] of [[1024, 700], [853, 533], [640, 400]] as const) {
    test(`nothing is cut off sideways at ${width} by ${height}`, async () => {
      const page = await open({ open: true, size: { width, height } });
      for (const place of ['templates', 'builds', 'library', 'host', 'settings']) {
        await page.click(`[data-testid="place-${place}"]`);
        await page.waitForTimeout(250);
        const cut = await page.evaluate(() => {
          const inside = (element: Element) => {
            for (let up = element.parentElement; up; up = up.parentElement) {
              const { overflowX } = getComputedStyle(up);
              if ((overflowX === 'auto' || overflowX === 'scroll') && up.scrollWidth > up.clientWidth) return true;
            }
            return false;
          };
          return [...document.querySelectorAll<HTMLElement>('main button, header button, footer button, main input, main h1, main h2')]
            .filter((element) => element.offsetParent !== null && !element.closest('.cm-editor, .sr, .tools'))
            .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !inside(element))
            .map((element) => element.outerHTML.slice(0, 100));
        });
        expect(cut, place).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth), place).toBeLessThanOrEqual(width);
      }
    });
  }
});

test('under reduced motion nothing moves for long', async () => {
  const page = await open({ open: true });
  const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((element) => {
    const style = getComputedStyle(element);
    return Math.max(...style.transitionDuration.split(',').map(parseFloat)) > 0.01 || (style.animationName !== 'none' && parseFloat(style.animationDuration) > 0.01);
  }).length);
  expect(moving).toBe(0);
});

test('German: the whole frame speaks it, and nothing is undefined', async () => {
  for (const [name, options, prepare] of views.filter(([name]) => ['welcome', 'templates', 'library', 'host', 'settings', 'build-running'].includes(name))) {
    const page = await open({ ...options, keep: { language: 'de' } });
    await prepare(page);
    await page.waitForTimeout(150);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
    expect(await page.getAttribute('nav', 'aria-label')).toBe('Orte');
    expect(await page.textContent('body'), name).not.toMatch(/undefined|\[object/);
    await shown?.close();
    shown = undefined;
  }
});
