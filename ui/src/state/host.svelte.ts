// What was found on this machine, and what it does now.
import { asWireError, call, subscribe, type About, type Doctor, type HostStats, type SpaceReport, type WireError } from '../api';

class HostState {
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
      if (message.kind === 'host') this.stats = message.stats;
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
      [this.space, this.about] = await Promise.all([call('space', {}), call('about', {})]);
    } catch (thrown) {
      this.failure = asWireError(thrown);
    }
  }
}

export const host = new HostState();
