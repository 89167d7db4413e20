// Planning and starting a build of the open template.
import { asWireError, call, type BuildOptions, type Planned, type WireError } from '../api';
import { builds } from './builds.svelte';
import { navigation } from './navigation.svelte';
import { workspace } from './workspace.svelte';

class Planning {
  shown = $state(false);
  busy = $state(false);
  starting = $state(false);
  planned: Planned | null = $state.raw(null);
  failure: WireError | null = $state.raw(null);
  options: BuildOptions = $state({
    force: false,
    no_cache: false,
    offline: false,
    no_library: false,
    skip_foreign: false,
    on_error: 'cleanup',
    parallel: 0,
  });

  /** Shows what Build would do. */
  async open(): Promise<void> {
    this.shown = true;
    await this.plan();
  }

  async plan(): Promise<void> {
    const { session } = workspace;
    if (!session) return;
    this.busy = true;
    await workspace.view?.flush();
    try {
      this.planned = await call('plan', { session, options: { ...this.options } });
      this.failure = null;
    } catch (thrown) {
      this.planned = null;
      this.failure = asWireError(thrown);
    }
    this.busy = false;
  }

  /** Starts the build and goes there; a refusal is shown where the plan would be. */
  async build(): Promise<void> {
    const { session } = workspace;
    if (!session || this.starting) return;
    this.starting = true;
    await workspace.view?.flush();
    try {
      const started = await call('start_build', { session, options: { ...this.options } });
      this.failure = null;
      this.shown = false;
      navigation.openBuild(started.build);
      void builds.refresh();
    } catch (thrown) {
      this.planned = null;
      this.failure = asWireError(thrown);
      this.shown = true;
    }
    this.starting = false;
  }
}

export const planning = new Planning();
