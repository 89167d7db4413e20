// Values and profiles, the wizard, the graph, comparing, keys of a boot command, settings: what people do with them.
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { build } from 'vite';
import { bootParts, bootWaits } from '../src/lib/bootKeys';
import { area, line, placed } from '../src/lib/chart';
import { asMap, editorOf } from '../src/lib/fields';
import { setHome, tidy } from '../src/lib/paths.svelte';
import { editsOf, starterOf, systems, wrongAnswers, type Answers, type Way } from '../src/lib/systems';
import type { Field } from '../src/api';
import { openWindow, quit, type Shown, type WindowOptions } from './support/window';

let shown: Shown | undefined;
async function open(options: WindowOptions = {}): Promise<Shown> {
  shown = await openWindow(options);
  return shown;
}
beforeAll(async () => {
  await build({ root: new URL('..', import.meta.url).pathname, logLevel: 'error' });
});
afterEach(async () => {
  await shown?.close();
  shown = undefined;
});
afterAll(quit);

const asked = ({ double }: Shown, name: string) => double.asked.filter((one) => one.name === name).at(-1)?.request;

describe('values', () => {
  test('each variable has its place; a profile keeps them all but secrets, and shows the command', async () => {
    const { page } = await open({ open: true });
    await page.click('[data-testid="values"]');
    await page.fill('[data-testid="value-suite"]', 'trixie now');
    await page.fill('[data-testid="value-admin_password"]', 'hunter2');
    const line = await page.textContent('[data-testid="command-line"]');
    expect(line).toContain(`-var 'suite=trixie now'`);
    expect(line).toContain('PKR_VAR_admin_password=…');
    expect(line).not.toContain('hunter2');
    await page.click('[data-testid="save-profile"]');
    await page.fill('[data-testid="name"]', 'production');
    await page.click('[data-testid="name-confirm"]');
    await page.getByText('The profile production is saved.').waitFor();
    const saved = JSON.stringify(asked(shown!, 'set_settings'));
    expect(saved).toContain('"ask":["admin_password"]');
    expect(saved).toContain('trixie now');
    expect(saved).not.toContain('hunter2');
    await page.click('[data-testid="apply-values"]');
    await expect.poll(() => asked(shown!, 'set_inputs')?.['inputs']).toEqual({ vars: [['suite', 'trixie now'], ['admin_password', 'hunter2']], var_files: [], only: [], except: [] });
  });
});

describe('wizard', () => {
  test('answers become a starter with edits; a wrong answer says so and stops', async () => {
    const { page } = await open({ empty: true });
    await page.click('[data-testid="wizard"]');
    await page.click('[data-system="debian-12"]');
    await page.click('[data-way="cloud"]');
    await page.click('[data-testid="wizard-next"]');
    await page.fill('[data-testid="wizard-memory"]', '2048');
    await page.fill('[data-testid="wizard-disk"]', 'large');
    await page.click('[data-testid="wizard-next"]');
    await page.getByText('A number and a unit, such as 10G.').waitFor();
    await page.fill('[data-testid="wizard-disk"]', '20g');
    await page.click('[data-testid="wizard-next"]');
    await page.getByRole('button', { name: 'Web server' }).click();
    await page.click('[data-testid="wizard-next"]');
    await page.getByText('20G').waitFor();
    await page.click('[data-testid="wizard-create"]');
    await page.getByLabel('Absolute path').fill('/home/ada/images/web-server');
    await page.getByRole('button', { name: 'Use this path' }).click();
    await expect.poll(() => asked(shown!, 'create_template')).toEqual({ starter: 'debian-cloud', directory: '/home/ada/images/web-server' });
    await expect.poll(() => JSON.stringify(asked(shown!, 'apply_edit') ?? '')).toContain('"disk_size","value":{"kind":"string","value":"20G"}');
    const edits = JSON.stringify(asked(shown!, 'apply_edit'));
    expect(edits).toContain('"bookworm"');
    expect(edits).toContain('nginx-light');
  });

  test('every system has a starter and answers that are right', () => {
    const answers: Answers = { system: systems[0]!, way: 'packages', name: 'web', memory: 512, cpus: 1, disk: '8G', user: 'ada', key: 'ssh-ed25519 AAAA ada@home', packages: ['curl'] };
    expect(wrongAnswers(answers)).toEqual({});
    expect(wrongAnswers({ ...answers, user: 'Ada', key: 'x', disk: '0G', packages: ['a;b'] })).toEqual({ user: true, key: true, disk: true, packages: true });
    const folder = new URL('../../templates', import.meta.url).pathname;
    for (const system of systems) {
      for (const way of Object.keys(system.ways) as Way[]) {
        const starter = starterOf({ system, way });
        const text = readFileSync(`${folder}/${starter}/${starter}.pkr.hcl`, 'utf8');
        // What the edits name is there.
        for (const name of ['user', 'ssh_public_key', ...Object.keys(system.variables?.[way] ?? {})]) expect(text, starter).toContain(`variable "${name}" {`);
        for (const [kind, count] of [['source', 1], ['build', 1], ['  post-processor', way === 'packages' ? 2 : 1]] as const) expect(text.match(new RegExp(`^${kind} .*\\{`, 'gm'))?.length, `${kind} of ${starter}`).toBe(count);
        expect(text, starter).toMatch(/^  provisioner "/m);
      }
    }
    expect(JSON.stringify(editsOf(answers, 'source.bootstrap.quickstart'))).toContain('"curl"');
  });
});

describe('what is around a template', () => {
  test('the graph goes from the source over cached steps to the channels', async () => {
    const { page } = await open({ open: true });
    await page.keyboard.press('Control+k');
    await page.keyboard.type('graph');
    await page.keyboard.press('Enter');
    const graph = page.getByTestId('graph');
    await graph.getByText('production').waitFor();
    expect(await graph.locator('.cached').count()).toBe(1);
    expect(await graph.getByRole('listitem').count()).toBe(1);
  });

  test('the branch stands above, what differs one click away', async () => {
    const { page } = await open({ open: true });
    await page.fill('[data-testid="field-memory"]', '4096');
    await page.keyboard.press('Enter');
    await page.getByTestId('git').getByText('1 change').waitFor();
    await page.click('[data-testid="git"]');
    await page.locator('dialog .added', { hasText: 'memory      = 4096' }).waitFor();
    await page.getByRole('tab', { name: 'Against the last commit' }).click();
    await page.getByText('web server: our certificates').waitFor();
    expect(asked(shown!, 'compare_template')).toMatchObject({ against: 'git' });
  });

  test('a list can be edited as lines', async () => {
    const { page } = await open({ open: true });
    await page.click('[data-node="build[0]/provisioner[2]"]');
    await page.getByRole('button', { name: 'Edit as lines' }).first().click();
    const lines = page.getByTestId('lines');
    expect(await lines.inputValue()).toBe('sudo tar -C /srv -xzf /tmp/app.tar.gz\nsudo systemctl enable --now nginx');
    await lines.fill('one\ntwo\nthree');
    await lines.blur();
    await expect.poll(() => JSON.stringify(asked(shown!, 'apply_edit')?.['edit'] ?? '')).toContain('"three"');
  });

  test('form and text go together, by caret and by focus', async () => {
    const { page } = await open({ open: true });
    await page.click('.cm-line:has-text("nginx and the exporter")');
    await page.waitForSelector('[data-field="memory"].here');
    await page.focus('[data-testid="field-ssh_timeout"]');
    await page.locator('.cm-line', { hasText: 'ssh_timeout' }).waitFor();
    expect(await page.locator('.cm-line', { hasText: 'ssh_timeout' }).evaluate((line) => line.getBoundingClientRect().bottom <= innerHeight)).toBe(true);
  });
});

describe('settings', () => {
  test('appearance is at once, figures are checked, the language starts the window again', async () => {
    const { page } = await open({ open: true });
    await page.keyboard.press('Control+,');
    await page.getByRole('combobox', { name: 'Contrast' }).click();
    await page.getByRole('option', { name: 'High' }).click();
    expect(await page.evaluate(() => document.documentElement.dataset['contrast'])).toBe('more');
    await page.fill('[data-testid="setting-keep_builds"]', 'many');
    await page.keyboard.press('Enter');
    await page.getByText('A whole number, 0 or more.').waitFor();
    expect(asked(shown!, 'set_settings')).toBeUndefined();
    await page.fill('[data-testid="setting-keep_builds"]', '7');
    await page.keyboard.press('Enter');
    await expect.poll(() => asked(shown!, 'set_settings')?.['keep_builds']).toBe(7);
    await page.getByRole('combobox', { name: 'Language' }).click();
    await page.getByRole('option', { name: 'Deutsch' }).click();
    await page.getByRole('navigation', { name: 'Orte' }).waitFor();
    await page.getByRole('button', { name: 'Bauen' }).waitFor();
  });
});

describe('pieces', () => {
  test('a boot command is read as Packer reads it', () => {
    expect(bootParts('<esc><wait5>linux ip={{ .HTTPIP }}<leftCtrlOn>x<leftCtrlOff><enter>')).toEqual([
      { kind: 'key', name: 'Esc', text: '<esc>', press: 'tap' },
      { kind: 'wait', text: '<wait5>', ms: 5000 },
      { kind: 'text', text: 'linux ip=' },
      { kind: 'hole', text: '{{ .HTTPIP }}' },
      { kind: 'key', name: 'Ctrl', text: '<leftCtrlOn>', press: 'hold' },
      { kind: 'text', text: 'x' },
      { kind: 'key', name: 'Ctrl', text: '<leftCtrlOff>', press: 'release' },
      { kind: 'key', name: 'Enter', text: '<enter>', press: 'tap' },
    ]);
    expect(bootParts('<nosuch>')).toEqual([{ kind: 'unknown', text: '<nosuch>' }]);
    expect(bootWaits(['<wait>', '<wait1m30s>', 'x<wait250ms>'])).toBe(1000 + 90_000 + 250);
  });

  test('a curve stays in its box, from left to right', () => {
    const places = placed([{ at: 0, part: 0 }, { at: 60_000, part: 2 }, { at: 120_000, part: 0.5 }], 100, 40, 60_000);
    expect(places).toEqual([[0, 40], [50, 0], [100, 20]]);
    expect(line(places)).toBe('M0.0 40.0 L50.0 0.0 L100.0 20.0');
    expect(line(places, true)).toBe('M0.0 40.0 H50.0 V0.0 H100.0 V20.0');
    expect(area([], 40)).toBe('');
  });

  test('a map of plain values has rows; numbers stay numbers', () => {
    const field = { name: 'm', type: 'map', set: true, literal: { a: 1, b: 'x' }, choices: [] } as unknown as Field;
    expect(editorOf(field, null)).toBe('map');
    expect(editorOf({ ...field, literal: { a: { b: 1 } } } as unknown as Field, null)).toBe('expression');
    expect(asMap(field, [['a', '2'], ['b', '${var.y}']])).toEqual({ kind: 'map', value: [['a', { kind: 'number', value: 2 }], ['b', { kind: 'template', value: '${var.y}' }]] });
  });

  test('the user’s own folder is ~', () => {
    setHome('/home/ada/');
    expect([tidy('/home/ada'), tidy('/home/ada/images'), tidy('/home/adam')]).toEqual(['~', '~/images', '/home/adam']);
    setHome(null);
  });
});
