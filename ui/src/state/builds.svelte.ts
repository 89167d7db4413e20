// Every build this machine knows, kept up to date by the stream.
import { subscribe, call, type BuildSummary, type WireError, asWireError } from '../api';
import { t } from '../lib/text';
import { navigation } from './navigation.svelte';
import { toast } from './toasts.svelte';

class Builds {
  list: BuildSummary[] = $state.raw([]);
  loaded = $state(false);
  failure: WireError | null = $state.raw(null);
  running = $derived(this.list.filter((build) => build.status === 'running'));

  start(): () => void {
    return subscribe('builds', (message) => {
      if (message.kind === 'builds') this.take(message.builds);
    });
  }

  async refresh(): Promise<void> {
    try {
      this.take((await call('list_builds', {})).builds);
      this.failure = null;
    } catch (thrown) {
      this.failure = asWireError(thrown);
    }
  }

  private take(builds: BuildSummary[]): void {
    if (this.loaded) {
      const before = new Map(this.list.map((build) => [build.build, build.status]));
      for (const build of builds) {
        if (before.get(build.build) === 'running' && build.status !== 'running') this.announce(build);
      }
    }
    this.list = builds;
    this.loaded = true;
  }

  private announce(build: BuildSummary): void {
    if (navigation.place === 'builds' && navigation.build === build.build) return;
    const show = { text: t.toast.show, run: () => navigation.openBuild(build.build) };
    if (build.status === 'succeeded') toast('success', t.toast.buildSucceeded(build.template), show);
    else if (build.status === 'failed') toast('error', t.toast.buildFailed(build.template), show);
    else if (build.status === 'cancelled') toast('info', t.toast.buildCancelled(build.template), show);
    else toast('warning', t.toast.buildInterrupted(build.template), show);
  }
}

export const builds = new Builds();
