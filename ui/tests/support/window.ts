// The built window in Chromium, over a double of the backend.
import { chromium, type Browser, type Page } from 'playwright-core';
import { Double, type DoubleOptions } from './double';

export interface Shown {
  page: Page;
  double: Double;
  close: () => Promise<void>;
}

let browser: Promise<Browser> | undefined;

export function launch(): Promise<Browser> {
  browser ??= chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
  });
  return browser;
}

export async function quit(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

export interface WindowOptions extends DoubleOptions {
  theme?: 'light' | 'dark';
  size?: { width: number; height: number };
  /** Opens the double's template at once. */
  open?: boolean;
  reducedMotion?: boolean;
  /** Choices the window kept from an earlier start. */
  keep?: Record<string, unknown>;
}

export async function openWindow(options: WindowOptions = {}): Promise<Shown> {
  const double = await new Double(options).start();
  const context = await (await launch()).newContext({
    viewport: options.size ?? { width: 1280, height: 800 },
    colorScheme: options.theme ?? 'light',
    reducedMotion: options.reducedMotion === false ? 'no-preference' : 'reduce',
    locale: 'en-GB',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await context.addInitScript((kept) => {
    for (const [name, value] of Object.entries(kept)) localStorage.setItem(`goldsmith.${name}`, JSON.stringify(value));
  }, options.keep ?? {});
  const page = await context.newPage();
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(error.message));
  await page.goto(options.open ? `${double.address}?open=${encodeURIComponent('/home/ada/images/web-server/web-server.pkr.hcl')}` : double.address);
  await page.waitForSelector('nav');
  if (options.open) await page.waitForSelector('.cm-content, [data-tab="text"]');
  return {
    page,
    double,
    close: async () => {
      await context.close();
      await double.stop();
      if (failures.length > 0) throw new Error(`the window threw: ${failures.join('; ')}`);
    },
  };
}
