// How long a build will still take, from earlier builds of the same template.
import type { BuildState, BuildTimes } from '../api';

export interface Estimate {
  /** Milliseconds, by the median of earlier builds. */
  left: number;
  /** How far the middle half of them lies apart. */
  spread: number;
}

/** None when a step that is still to come has never been timed: half a figure would be a wrong one. */
export function timeLeft(build: BuildState, times: BuildTimes | null, now: number): Estimate | null {
  let longest: Estimate | null = null;
  for (const job of build.jobs) {
    const sum: Estimate = { left: 0, spread: 0 };
    for (const step of job.steps) {
      if (step.status !== 'pending' && step.status !== 'running') continue;
      const known = times?.steps.find((one) => one.job === job.name && one.step === step.id);
      const usual = known?.median_ms ?? step.expected_ms;
      if (usual === null || usual === undefined) return null;
      const passed = step.status === 'running' && step.started_at !== null ? now - step.started_at : 0;
      sum.left += Math.max(0, usual - passed);
      sum.spread += known?.spread_ms ?? 0;
    }
    if (!longest || sum.left > longest.left) longest = sum;
  }
  return longest && longest.left > 0 ? longest : null;
}
