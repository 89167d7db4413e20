// A state is a shape, a word and a colour, together.
import type { IconName } from './icons';
import { t } from './text';

export type Tone = 'gold' | 'success' | 'warning' | 'error' | 'info' | 'neutral';

const marks: Record<string, { icon: IconName; tone: Tone }> = {
  running: { icon: 'loader', tone: 'gold' },
  starting: { icon: 'loader', tone: 'gold' },
  cleaning: { icon: 'loader', tone: 'gold' },
  succeeded: { icon: 'circle-check', tone: 'success' },
  cached: { icon: 'layers', tone: 'neutral' },
  failed: { icon: 'circle-x', tone: 'error' },
  cancelled: { icon: 'circle-slash', tone: 'neutral' },
  interrupted: { icon: 'circle-alert', tone: 'warning' },
  skipped: { icon: 'circle-slash', tone: 'neutral' },
  stopped: { icon: 'circle', tone: 'neutral' },
  asking: { icon: 'circle-alert', tone: 'gold' },
  pending: { icon: 'circle-dashed', tone: 'neutral' },
  queued: { icon: 'circle-dashed', tone: 'neutral' },
  ok: { icon: 'circle-check', tone: 'success' },
  warning: { icon: 'triangle-alert', tone: 'warning' },
  error: { icon: 'circle-x', tone: 'error' },
  info: { icon: 'info', tone: 'info' },
};

export function mark(state: string): { icon: IconName; tone: Tone; word: string; moving: boolean } {
  const found = marks[state] ?? marks['queued']!;
  return { ...found, word: t.build.states[state] ?? t.host.verdicts[state] ?? state, moving: found.icon === 'loader' };
}
