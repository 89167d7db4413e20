// Pictures of every view, to be looked at.
import { mkdirSync } from 'node:fs';
import { afterAll, test } from 'vitest';
import type { Page } from 'playwright-core';
import { openWindow, quit, type WindowOptions } from './support/window';

const folder = process.env['SCREENS'] ?? new URL('./screens/', import.meta.url).pathname;
const only = process.env['ONLY'];
mkdirSync(folder, { recursive: true });
afterAll(quit);

const place = (name: string) => (page: Page) => page.click(`[data-testid="place-${name}"]`);
const views: [string, WindowOptions, (page: Page) => Promise<unknown>][] = [
  ['welcome', {}, async () => {}],
  ['welcome-empty', { empty: true }, async () => {}],
  ['templates', { open: true }, async () => {}],
  ['templates-edit', { open: true }, async (page) => {
    await page.fill('[data-testid="field-memory"]', '4096');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.cm-changed-line');
    await page.click('[data-testid="problems"]');
  }],
  ['templates-step', { open: true }, (page) => page.click('[data-node="build[0]/provisioner[0]"]')],
  ['plan', { open: true }, async (page) => { await page.click('[data-testid="plan"]'); await page.waitForSelector('ol details'); }],
  ['palette', { open: true }, async (page) => { await page.keyboard.press('Control+k'); await page.waitForSelector('dialog'); await page.keyboard.type('web'); }],
  ['catalogue', { open: true }, async (page) => { await page.click('[aria-label="Add…"]'); await page.waitForSelector('dialog li button'); }],
  ['build-running', {}, async (page) => { await place('builds')(page); await page.waitForSelector('[data-testid="log"] .row'); }],
  ['build-failed', {}, async (page) => { await place('builds')(page); await page.click('[data-build="0197aa02"]'); await page.waitForSelector('[data-testid="failure"]'); await page.waitForSelector('[data-testid="log"] .row'); }],
  ['build-screen', {}, async (page) => { await place('builds')(page); await page.click('[data-tab="screen"]'); await page.waitForSelector('[data-testid="screen"]'); }],
  ['build-facts', {}, async (page) => { await place('builds')(page); await page.click('[data-tab="facts"]'); }],
  ['builds-empty', { empty: true }, place('builds')],
  ['library', {}, async (page) => { await place('library')(page); await page.waitForSelector('[data-version]'); }],
  ['library-promote', {}, async (page) => { await place('library')(page); await page.click('[data-testid="promote"]'); await page.waitForSelector('dialog li'); }],
  ['library-export', {}, async (page) => { await place('library')(page); await page.click('[data-testid="export"]'); }],
  ['library-run', {}, async (page) => { await place('library')(page); await page.click('[data-testid="run-image"]'); await page.waitForSelector('.ssh'); }],
  ['library-empty', { empty: true }, place('library')],
  ['host', {}, async (page) => { await place('host')(page); await page.waitForSelector('[data-check]'); }],
];
const sizes = process.env['SIZES'] === 'all' ? [{ width: 1280, height: 800 }, { width: 1920, height: 1080 }] : [{ width: 1280, height: 800 }];

for (const theme of ['light', 'dark'] as const) {
  for (const size of sizes) {
    test(`${theme} ${size.width}`, async () => {
      for (const [name, options, prepare] of views) {
        if (only && !name.includes(only)) continue;
        const shown = await openWindow({ ...options, theme, size });
        await prepare(shown.page);
        await shown.page.waitForTimeout(350);
        await shown.page.screenshot({ path: `${folder}/${name}-${theme}-${size.width}.png` });
        await shown.close();
      }
    });
  }
}
