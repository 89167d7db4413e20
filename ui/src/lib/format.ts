// How figures are written in the window: sizes in MiB/GiB, durations as 2:14, times relative.

import { decimal } from './figures';
import { t } from './text';
import { language } from './text/language';

export { count, grouped } from './figures';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** 1536 → "1.5 KiB". */
export function size(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return '–';
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit === 0) return `${Math.round(value)} B`;
  const digits = value >= 100 ? 0 : 1;
  return `${decimal(value, digits)} ${units[unit]}`;
}

/** Milliseconds → "0:07", "2:14", "1:02:03". */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–';
  const seconds = Math.max(0, Math.round(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = String(seconds % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/** Milliseconds of something measured: "34 ms", "1.2 s". */
export function measured(ms: number): string {
  const digits = ms < 10_000 ? 1 : 0;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${decimal(ms / 1000, digits, true)} s`;
}

/** Made when first asked for: what formats by a language's rules loads several megabytes of them. */
function lazy<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

const relative = lazy(() => new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'long' }));

/** "3 minutes ago", "yesterday". */
export function ago(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return t.justNow;
  if (size < 3600) return relative().format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return relative().format(Math.round(seconds / 3600), 'hour');
  if (size < 86_400 * 30) return relative().format(Math.round(seconds / 86_400), 'day');
  if (size < 86_400 * 365) return relative().format(Math.round(seconds / 86_400 / 30), 'month');
  return relative().format(Math.round(seconds / 86_400 / 365), 'year');
}

const region = () => (language === 'en' ? 'en-GB' : language);
const stamp = lazy(() => new Intl.DateTimeFormat(region(), { dateStyle: 'medium', timeStyle: 'medium' }));
const clockTime = lazy(() => new Intl.DateTimeFormat(region(), { timeStyle: 'medium' }));

/** The exact time, for a hover. */
export function exact(at: number): string {
  return stamp().format(at);
}

/** The time of day. */
export function timeOfDay(at: number): string {
  return clockTime().format(at);
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.replace(/\/+$/, '').split('/').pop() || path;
}

/** The folder a path lies in. */
export function folderName(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed.slice(0, trimmed.lastIndexOf('/')) || '/';
}

/** "blake3:4f9a…" → its first figures, for a table. */
export function shortDigest(digest: string): string {
  const colon = digest.indexOf(':');
  return digest.slice(colon + 1, colon + 13);
}
