// Pictures of every view, to be looked at.
import { mkdirSync } from 'node:fs';
import { afterAll, test } from 'vitest';
import { views } from './support/views';
import { openWindow, quit } from './support/window';

const folder = process.env['SCREENS'] ?? new URL('./screens/', import.meta.url).pathname;
const only = process.env['ONLY'];
mkdirSync(folder, { recursive: true });
afterAll(quit);

const sizes = process.env['SIZES'] === 'all' ? [{ width: 1280, height: 800 }, { width: 1920, height: 1080 }] : [{ width: 1280, height: 800 }];

const themes = (process.env['THEMES'] ?? 'light dark').split(' ') as ('light' | 'dark')[];

for (const theme of themes) {
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
