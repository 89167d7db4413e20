// Every build this machine knows, kept up to date by the stream.
import { subscribe, call, type BuildSummary, type WireError, asWireError } from '../api';
import { t } from '../lib/text';
import { navigation } from './navigation.svelte';
import { toast } from './toasts.svelte';

/** It has a worker: it runs, waits in line, or waits for an answer. */
export const isUnderWay = (status: BuildSummary['status']) => status === 'running' || status === 'asking' || status === 'pending';

class Builds {
  list: BuildSummary[] = $state.raw([]);
  loaded = $state(false);
  failure: WireError | null = $state.raw(null);
  running = $derived(this.list.filter((build) => isUnderWay(build.status)));

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
        const was = before.get(build.build);
        if (was !== undefined && was !== build.status && isUnderWay(was)) this.announce(build);
      }
    }
    this.list = builds;
    this.loaded = true;
  }

  private announce(build: BuildSummary): void {
    if (navigation.place === 'builds' && navigation.build === build.build) return;
    if (build.status === 'running' || build.status === 'pending') return;
    const show = { text: t.toast.show, run: () => navigation.openBuild(build.build) };
    if (build.status === 'succeeded') toast('success', t.toast.buildSucceeded(build.template), show);
    else if (build.status === 'failed') toast('error', t.toast.buildFailed(build.template), show);
    else if (build.status === 'asking') toast('warning', t.toast.buildAsks(build.template), show);
    else if (build.status === 'cancelled') toast('info', t.toast.buildCancelled(build.template), show);
    else toast('warning', t.toast.buildInterrupted(build.template), show);
  }
}

export const builds = new Builds();
