// The built window in Chromium over a double of the backend: what people do, by mouse and by keyboard.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { build } from 'vite';
import { askingState, buildIds, file, jobName } from './support/content';
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

const lastEdit = ({ double }: Shown) => double.asked.filter((asked) => asked.name === 'apply_edit').at(-1)?.request['edit'];

describe('templates', () => {
  test('a value changed in the form changes the text, and is marked there', async () => {
    const { page, double } = await open({ open: true });
    await page.fill('[data-testid="field-memory"]', '4096');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.cm-changed-line');
    expect(lastEdit(shown!)).toEqual({ edit: 'set_attribute', block: 'source.qemu.web-server-with-certificates-and-monitoring', name: 'memory', value: { kind: 'number', value: 4096 } });
    expect(await page.textContent('.cm-changed')).toContain('4096');
    expect(double.text).toContain('memory      = 4096 # nginx and the exporter');
  });

  test('one undo takes back form and text alike', async () => {
    const { page, double } = await open({ open: true });
    const before = double.text;
    await page.fill('[data-testid="field-memory"]', '4096');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.cm-changed-line');
    await page.click('.cm-content');
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('# typed\n');
    await expect.poll(() => double.text).toContain('# typed');
    expect(double.text).toContain('4096');
    await page.keyboard.press('Control+z');
    await expect.poll(() => double.text).not.toContain('# typed');
    await page.click('[data-testid="undo"]');
    await expect.poll(() => double.text).toBe(before);
    await expect.poll(() => page.inputValue('[data-testid="field-memory"]')).toBe('2048');
    await page.click('[data-testid="redo"]');
    await expect.poll(() => page.inputValue('[data-testid="field-memory"]')).toBe('4096');
  });

  test('typed text is what the backend holds, character by character', async () => {
    const { page, double } = await open({ open: true });
    await page.click('.cm-content');
    await page.keyboard.press('Control+End');
    await page.keyboard.type('\n# ä😀 end', { delay: 25 });
    const text = () => page.evaluate(() => [...document.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\n'));
    await expect.poll(() => double.text.trimEnd()).toMatch(/# ä😀 end$/);
    expect(double.text.trimEnd().endsWith((await text()).trimEnd().split('\n').at(-1)!)).toBe(true);
  });

  test('Ctrl S saves, and the marks of unsaved changes go', async () => {
    const { page, double } = await open({ open: true });
    await page.fill('[data-testid="field-memory"]', '1024');
    await page.keyboard.press('Enter');
    await page.getByText('1 unsaved file').waitFor();
    await page.keyboard.press('Control+s');
    await page.getByText('1 unsaved file').waitFor({ state: 'detached' });
    expect(double.saved).toContain('= 1024 #');
  });

  test('a misspelt option is a problem with its place', async () => {
    const { page } = await open({ open: true });
    await page.click('.cm-line:has-text("nginx and the exporter")');
    await page.keyboard.press('Home');
    await page.keyboard.press('Control+ArrowRight');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.type('m');
    await page.click('[data-testid="problems"]');
    await page.getByText('memmory is not an option of source "qemu"').first().waitFor();
    await page.getByText('did you mean memory?').first().waitFor();
  });

  test('the outline is a tree that the keyboard moves in', async () => {
    const { page } = await open({ open: true });
    await page.focus('[role="treeitem"][tabindex="0"]');
    await page.keyboard.press('ArrowDown');
    expect(await page.getAttribute('[role="treeitem"][aria-selected="true"]', 'data-node')).toBe('source.virtualbox-iso.web');
    await page.getByText('Not one of Goldsmith’s own components').waitFor();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowLeft');
    expect(await page.getAttribute('[role="treeitem"]:focus', 'aria-expanded')).toBe('false');
  });

  test('the plan is a drawer with steps, downloads and space; Build starts it', async () => {
    const { page, double } = await open({ open: true });
    await page.click('[data-testid="plan"]');
    const drawer = page.getByRole('dialog', { name: 'Plan' });
    await drawer.getByText('Start machine').waitFor();
    await drawer.getByText('3.6 GiB needed, 110 GiB free').waitFor();
    await drawer.getByRole('button', { name: 'Build' }).last().click();
    await page.getByRole('heading', { name: 'web-server.pkr.hcl' }).waitFor();
    expect(double.asked.some((asked) => asked.name === 'start_build')).toBe(true);
  });

  test('a refused build says what, why and what to do', async () => {
    const { page, double } = await open({ open: true });
    double.failing.set('start_build', { kind: 'environment', title: 'The output folder exists: output/web-server', causes: ['an earlier build left it'], hints: ['build with “Replace an existing output folder”, or remove it'] });
    await page.keyboard.press('Control+b');
    const alert = page.getByRole('alert');
    await alert.getByText('The output folder exists: output/web-server').waitFor();
    await alert.getByText('an earlier build left it').waitFor();
    await alert.getByText('Replace an existing output folder').waitFor();
  });
});

describe('builds', () => {
  test('a running build shows steps, log and screen, and can be cancelled', async () => {
    const { page, double } = await open();
    await page.click('[data-testid="place-builds"]');
    await page.waitForSelector('[data-step="shell-1"][data-state="running"]');
    await page.waitForSelector('[data-testid="log"] .row');
    await page.getByTestId('time-left').getByText('left').waitFor();
    await page.click('[data-tab="screen"]');
    // Where the screen is not to be had live, its pictures are shown, and why.
    await page.waitForSelector('[data-testid="screen"]');
    await page.getByText(/not served on a private socket/).waitFor();
    await page.click('[data-testid="cancel-build"]');
    await page.click('[data-testid="confirm-cancel"]');
    await expect.poll(() => double.asked.find((asked) => asked.name === 'cancel_build')?.request).toEqual({ build: buildIds.running, kill: false });
  });

  test('100,000 lines stay few elements; the filter counts over all of them', async () => {
    const { page } = await open({ lines: 100_000 });
    await page.click('[data-testid="place-builds"]');
    await page.waitForSelector('[data-testid="log"][data-total="100000"] .row');
    expect(await page.locator('[data-testid="log"] .row').count()).toBeLessThan(120);
    await page.fill('[data-testid="log-filter"]', 'Created symlink');
    await page.getByText(/^11,\d{3} of 100,000 lines$/).waitFor();
    await page.press('[data-testid="log-filter"]', 'Enter');
    await page.getByText(/^1 of 11,\d{3}$/).waitFor();
    await page.press('[data-testid="log-filter"]', 'Shift+Enter');
    await page.getByText(/^(11,\d{3}) of \1$/).waitFor();
    await page.waitForSelector('.row.found .hit');
    await page.click('[data-testid="only-matches"]');
    await expect.poll(() => page.locator('[data-testid="log"] .row:has(.hit)').count()).toBeGreaterThan(20);
    expect(await page.locator('[data-testid="log"] .row:not(:has(.hit))').count()).toBe(0);
  });

  test('lines that come are shown while the end is followed', async () => {
    const { page, double } = await open({ lines: 500 });
    await page.click('[data-testid="place-builds"]');
    await page.waitForSelector('[data-testid="log"] .row');
    double.append(buildIds.running, Array.from({ length: 40 }, (_, n) => `streamed line ${n}`));
    await page.getByText('streamed line 39', { exact: true }).waitFor();
    // Whoever scrolls up reads: the end is not followed any more.
    await page.hover('[data-testid="log"]');
    await page.mouse.wheel(0, -3000);
    await expect.poll(() => page.getAttribute('[data-testid="follow"]', 'aria-pressed')).toBe('false');
    double.append(buildIds.running, ['one more line']);
    await page.waitForSelector('[data-testid="log"][data-total="541"]');
    expect(await page.getByText('one more line', { exact: true }).count()).toBe(0);
  });

  test('a long log is folded by step; a step unfolds by keyboard', async () => {
    const { page } = await open({ lines: 9000 });
    await page.click('[data-testid="place-builds"]');
    const head = page.locator('[data-section="download"]');
    await page.focus('[data-testid="log"]');
    await page.keyboard.press('Home');
    await head.waitFor();
    expect(await head.getAttribute('aria-expanded')).toBe('false');
    await head.focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => head.getAttribute('aria-expanded')).toBe('true');
    await page.waitForSelector('[data-line="1001"]');
  });

  test('a step that fails asks: its commands are changed and tried again', async () => {
    const { page, double } = await open();
    await page.click('[data-testid="place-builds"]');
    await page.waitForSelector('[data-step="shell-1"][data-state="running"]');
    await expect.poll(async () => {
      double.send(`build/${buildIds.running}`, { kind: 'facts', entries: [], state: askingState() });
      return page.getByTestId('question').isVisible();
    }).toBe(true);
    const question = page.getByTestId('question');
    await question.getByText('The script scripts/install-nginx.sh ended with exit code 100').waitFor();
    for (const answer of ['skip', 'abort', 'clean-up', 'shell']) await question.getByTestId(`answer-${answer}`).waitFor();
    await question.getByTestId('edit-script').click();
    await question.getByTestId('script-inline').fill('apt-get update\napt-get install -y nginx\n');
    await question.getByRole('button', { name: 'Try again with the changes' }).click();
    await expect.poll(() => double.asked.find((asked) => asked.name === 'answer_build')?.request).toEqual({ build: buildIds.running, job: jobName, answer: 'retry', inline: 'apt-get update\napt-get install -y nginx\n' });
  });

  test('a build waits before a step that is to come, and asks on errors from now on', async () => {
    const { page, double } = await open();
    await page.click('[data-testid="place-builds"]');
    await page.click('[data-testid="pause-shutdown"]');
    await expect.poll(() => double.asked.find((asked) => asked.name === 'pause_build')?.request).toEqual({ build: buildIds.running, job: jobName, step: 'shutdown', on: true });
    await page.getByRole('switch', { name: 'Ask when a step fails' }).click();
    await expect.poll(() => double.asked.find((asked) => asked.name === 'ask_on_error')?.request).toEqual({ build: buildIds.running, on: true });
  });

  test('the serial console is a terminal that shows what the guest wrote', async () => {
    const { page } = await open();
    await page.click('[data-testid="place-builds"]');
    await page.click('[data-tab="serial"]');
    await page.getByTestId('serial').getByText('web-server login:').first().waitFor();
  });

  test('pictures are replayed; two builds of a template are compared', async () => {
    const { page } = await open();
    await page.click('[data-testid="place-builds"]');
    await page.click(`[data-build="${buildIds.failed}"]`);
    await page.click('[data-tab="screen"]');
    await page.click('[data-testid="replay"]');
    await page.waitForSelector('[data-testid="screen"][data-file="latest.png"]');
    await page.getByRole('button', { name: 'Replay' }).waitFor();
    await page.click('[data-tab="history"]');
    await page.locator('[data-testid="compare"]').last().click();
    await page.getByTestId('compared').getByText('+0:31').waitFor();
    await page.getByText('qemu-system-x86_64 -m 2048M').waitFor();
  });

  test('a failure opens itself: what, why, what to do, and the raw end of the log', async () => {
    const { page } = await open();
    await page.click('[data-testid="place-builds"]');
    await page.click(`[data-build="${buildIds.failed}"]`);
    const failure = page.getByTestId('failure');
    await failure.getByText('The script scripts/install-nginx.sh ended with exit code 100').waitFor();
    await failure.getByText(/Correct the name of the package/).waitFor();
    await failure.getByRole('button', { name: 'Show raw output' }).click();
    await failure.getByText(/E: Unable to locate package ngnix/).waitFor();
  });
});

describe('library', () => {
  test('versions with digest and origin; export writes where it is told', async () => {
    const { page, double } = await open();
    await page.click('[data-testid="place-library"]');
    await page.waitForSelector('[data-version="60"]');
    await page.getByText(/The build’s SSH key is still/).waitFor();
    await page.click('[data-testid="export"]');
    await page.click('[data-testid="format-vmdk"]');
    await page.getByRole('button', { name: 'Choose…' }).click();
    await page.getByLabel('Absolute path').fill('/tmp/web.vmdk');
    await page.getByRole('button', { name: 'Use this path' }).click();
    double.failing.set('export_image', { title: 'There is no space left on /tmp', hints: ['free 2 GiB'] });
    await page.click('[data-testid="export-start"]');
    await page.getByText('There is no space left on /tmp').waitFor();
    expect(double.asked.find((asked) => asked.name === 'export_image')?.request).toMatchObject({ image: 'web-server@60', format: 'vmdk', output: '/tmp/web.vmdk', compress: false });
  });

  test('promoting says what moves and is one confirmation; a gate that stands against it asks for a reason', async () => {
    const { page, double } = await open();
    await page.click('[data-testid="place-library"]');
    await page.waitForSelector('[data-version="58"] .production');
    await page.click('[data-testid="promote"]');
    await page.getByText('production moves from 58 to 60; 60 is released by this.').waitFor();
    await page.getByLabel('What is new').fill('nginx 1.28');
    double.failing.set('promote_image', { title: 'the channel production is held', hints: [] });
    await page.click('[data-testid="confirm-promote"]');
    await page.getByText('the channel production is held').waitFor();
    expect(double.asked.find((asked) => asked.name === 'promote_image')?.request).toMatchObject({ image: 'web-server@60', channel: 'production', notes: 'nginx 1.28', override_reason: null });
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Roll production back…' }).click();
    await page.getByLabel('Reason').fill('login is broken');
    await page.click('[data-testid="confirm-verb"]');
    await page.waitForFunction(() => true);
    expect(double.asked.find((asked) => asked.name === 'rollback_image')?.request).toMatchObject({ image: 'web-server', channel: 'production', reason: 'login is broken' });
  });

  test('deleting says what it does first, and can be taken back', async () => {
    const { page, double } = await open();
    await page.click('[data-testid="place-library"]');
    await page.waitForSelector('[data-version="60"]');
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Move to trash…' }).click();
    await page.getByText(/is freed once the trash is emptied/).waitFor();
    expect(double.asked.some((asked) => asked.name === 'delete_image')).toBe(false);
    await page.click('[data-testid="confirm-delete"]');
    await page.getByRole('button', { name: 'Restore' }).click();
    await expect.poll(() => double.asked.find((asked) => asked.name === 'restore_image')?.request).toEqual({ image: 'web-server@60' });
  });

  test('a run gives the command that logs in', async () => {
    const { page } = await open();
    await page.click('[data-testid="place-library"]');
    await page.click('[data-testid="run-image"]');
    await page.getByText(/^ssh -p 2222/).waitFor();
  });
});

describe('host and everywhere', () => {
  test('each row has verdict, evidence, cost and remedy', async () => {
    const { page } = await open();
    await page.click('[data-testid="place-host"]');
    const row = page.locator('[data-check="kvm"][data-verdict="warning"]');
    await row.getByText('ran a probe guest under KVM: no answer in 5 s').waitFor();
    await row.getByText('builds are about 10 times slower').waitFor();
    await row.getByRole('button', { name: 'Copy command' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('/sys/module/kvm_intel');
    await page.getByTestId('accelerator').getByText('412 ms', { exact: true }).waitFor();
  });

  test('the palette reaches commands and blocks by keyboard alone', async () => {
    const { page } = await open({ open: true });
    await page.keyboard.press('Control+k');
    await page.keyboard.type('admin_password');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'admin_password' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('library');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-testid="image-list"]');
  });

  test('the first start offers three doors and the next step everywhere', async () => {
    const { page } = await open({ empty: true });
    for (const door of ['Quick start', 'Open file…', 'Choose a starter…']) await page.getByRole('button', { name: door }).waitFor();
    await page.click('[data-testid="place-builds"]');
    await page.getByRole('heading', { name: 'No builds yet' }).waitFor();
    await page.click('[data-testid="place-library"]');
    await page.getByRole('heading', { name: 'No images yet' }).waitFor();
  });

  test('every control has a name, and nothing scrolls sideways at 1024 pixels', async () => {
    const { page } = await open({ open: true, size: { width: 1024, height: 700 } });
    for (const place of ['templates', 'builds', 'library', 'host']) {
      await page.click(`[data-testid="place-${place}"]`);
      await page.waitForTimeout(250);
      const wrong = await page.evaluate(() => {
        const visible = (element: Element) => (element as HTMLElement).offsetParent !== null;
        const name = (element: Element) =>
          element.getAttribute('aria-label') ?? (element.getAttribute('aria-labelledby') ? document.getElementById(element.getAttribute('aria-labelledby')!)?.textContent : null) ?? element.textContent ?? '';
        const nameless = [...document.querySelectorAll('button, input, textarea, [role="switch"], [role="combobox"]')]
          .filter((element) => visible(element) && name(element).trim() === '' && !(element as HTMLInputElement).placeholder)
          .map((element) => element.outerHTML.slice(0, 120));
        if (document.documentElement.scrollWidth > innerWidth) nameless.push(`page is ${document.documentElement.scrollWidth} wide`);
        return nameless;
      });
      expect(wrong, place).toEqual([]);
    }
  });
});

test('the double holds the template the tests speak of', () => {
  expect(file).toMatch(/web-server\.pkr\.hcl$/);
});
