// What the facts of a build say beyond its state: the plan, the pictures, earlier durations.
import type { Entry, Failure, Plan, WireError } from '../api';

/** The plan a build began with. */
export function planOf(entries: readonly Entry[]): Plan | null {
  const opened = entries.find((entry) => entry.fact === 'Opened');
  return opened ? (opened as unknown as { plan: Plan }).plan : null;
}

export interface Shot {
  file: string;
  at: number;
  width: number;
  height: number;
  /** The step it was taken at the end of. */
  after: string | null;
}

/** Every picture of the guest's screen, oldest first. */
export function shotsOf(entries: readonly Entry[]): Shot[] {
  return entries.flatMap((entry) => {
    if (entry.fact !== 'ScreenTaken') return [];
    const { file, width, height, after } = entry as unknown as { file: string; width: number; height: number; after?: string };
    return [{ file, width, height, at: entry.at, after: after ?? null }];
  });
}

/** A build's failure in the shape the window shows all failures in. */
export function asShown(failure: Failure, tail: string[] = []): WireError {
  return {
    code: 'build',
    kind: failure.kind,
    title: failure.message,
    causes: failure.causes ?? [],
    hints: failure.hints ?? [],
    span: null,
    log_tail: tail,
  };
}
