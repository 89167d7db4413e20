// What was found on this machine, and what it does now.
import { asWireError, call, subscribe, type About, type Doctor, type HostStats, type SpaceReport, type WireError } from '../api';
import { setHome } from '../lib/paths.svelte';

/** How many figures are kept: at one in two seconds, twenty minutes. */
const kept = 600;

class HostState {
  /** The figures of the last while, oldest first. */
  history: HostStats[] = $state.raw([]);
  doctor: Doctor | null = $state.raw(null);
  stats: HostStats | null = $state.raw(null);
  space: SpaceReport | null = $state.raw(null);
  about: About | null = $state.raw(null);
  checking = $state(false);
  failure: WireError | null = $state.raw(null);
  failed = $derived(this.doctor?.checks.filter((check) => check.verdict === 'failed') ?? []);
  warned = $derived(this.doctor?.checks.filter((check) => check.verdict === 'warning') ?? []);

  start(): () => void {
    return subscribe('host', (message) => {
      if (message.kind !== 'host') return;
      this.stats = message.stats;
      this.history = [...this.history.slice(1 - kept), message.stats];
    });
  }

  async examine(fresh: boolean): Promise<void> {
    if (this.checking) return;
    this.checking = true;
    try {
      this.doctor = await call('doctor', { fresh });
      this.failure = null;
    } catch (thrown) {
      this.failure = asWireError(thrown);
    }
    this.checking = false;
  }

  async measureSpace(): Promise<void> {
    try {
      this.space = await call('space', {});
    } catch (thrown) {
      this.failure = asWireError(thrown);
    }
  }

  /** Which Goldsmith this is, and where it keeps things. */
  async learn(): Promise<void> {
    try {
      this.about = await call('about', {});
      setHome(this.about.home);
    } catch (thrown) {
      this.failure = asWireError(thrown);
    }
  }
}

export const host = new HostState();
