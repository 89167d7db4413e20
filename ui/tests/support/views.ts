// Every view and state of the window, and how to come there: for pictures and for what is asked of all of them.
import type { Page } from 'playwright-core';
import type { WindowOptions } from './window';

const place = (name: string) => (page: Page) => page.click(`[data-testid="place-${name}"]`);
export const views: [string, WindowOptions, (page: Page) => Promise<unknown>][] = [
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
  ['catalogue', { open: true }, async (page) => { await page.click('[data-testid="add-block"]'); await page.waitForSelector('dialog li button'); }],
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
  ['settings', {}, place('settings')],
  ['about', {}, async (page) => { await place('settings')(page); await page.getByRole('button', { name: 'About Goldsmith…' }).click(); await page.waitForSelector('dialog td'); }],
  ['values', { open: true }, async (page) => { await page.click('[data-testid="values"]'); await page.waitForSelector('[data-testid="value-suite"]'); await page.fill('[data-testid="value-suite"]', 'trixie'); }],
  ['graph', { open: true }, async (page) => { await page.keyboard.press('Control+k'); await page.keyboard.type('graph'); await page.keyboard.press('Enter'); await page.waitForSelector('[data-testid="graph"]'); }],
  ['compare', { open: true }, async (page) => {
    await page.fill('[data-testid="field-memory"]', '4096');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.cm-changed-line');
    await page.waitForTimeout(900);
    await page.click('[data-testid="git"]');
    await page.waitForSelector('dialog pre');
  }],
  ['wizard', { empty: true }, async (page) => { await page.click('[data-testid="wizard"]'); await page.waitForSelector('[data-system]'); }],
  ['wizard-access', { empty: true }, async (page) => {
    await page.click('[data-testid="wizard"]');
    for (let n = 0; n < 2; n += 1) await page.click('[data-testid="wizard-next"]');
    await page.fill('[data-testid="wizard-user"]', 'Ada');
    await page.keyboard.press('Tab');
  }],
  ['wizard-review', { empty: true }, async (page) => { await page.click('[data-testid="wizard"]'); for (let n = 0; n < 3; n += 1) await page.click('[data-testid="wizard-next"]'); }],
  ['shortcuts', { open: true }, (page) => page.keyboard.press('Control+/')],
  ['host', {}, async (page) => { await place('host')(page); await page.waitForSelector('[data-check]'); }],
];
