// One build (or run) being looked at: its state and facts by stream.
import { asWireError, call, subscribe, type BuildState, type Entry, type WireError } from '../api';
import { LogStore } from './log.svelte';

/** What is known of one build, kept up to date while it is looked at. */
export class RunView {
  state: BuildState | null = $state.raw(null);
  entries: Entry[] = $state.raw([]);
  failure: WireError | null = $state.raw(null);
  log: LogStore;
  readonly build: string;

  constructor(build: string) {
    this.build = build;
    this.log = new LogStore(build);
  }

  start(): () => void {
    const { build } = this;
    let open = true;
    const stops: (() => void)[] = [this.log.start()];
    void (async () => {
      try {
        const facts = await call('build_facts', { build, since: 0 });
        if (!open) return;
        this.entries = facts.entries;
        this.state = facts.state;
      } catch (thrown) {
        if (open) this.failure = asWireError(thrown);
        return;
      }
      // What comes next comes by itself.
      stops.push(
        subscribe(
          `build/${build}`,
          (message) => {
            if (message.kind !== 'facts') return;
            const known = this.entries.at(-1)?.seq ?? 0;
            this.entries = [...this.entries, ...message.entries.filter((entry) => entry.seq > known)];
            this.state = message.state;
          },
          () => this.entries.at(-1)?.seq ?? 0,
        ),
      );
    })();
    return () => {
      open = false;
      stops.forEach((stop) => stop());
    };
  }
}
