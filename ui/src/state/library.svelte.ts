// The images of the library and the throw-away copies that run.
import { asWireError, call, subscribe, type Channel, type Image, type RunState, type WireError } from '../api';

class Library {
  images: Image[] = $state.raw([]);
  channels: Channel[] = $state.raw([]);
  runs: RunState[] = $state.raw([]);
  /** Grows whenever the library changed; views that show a part of it ask again. */
  generation = $state(0);
  loaded = $state(false);
  failure: WireError | null = $state.raw(null);
  running = $derived(this.runs.filter((run) => run.status === 'running' || run.status === 'pending'));

  start(): () => void {
    void this.refresh();
    const stops = [
      subscribe('library', (message) => {
        if (message.kind === 'library') void this.refresh();
      }),
      subscribe('runs', (message) => {
        if (message.kind === 'runs') this.runs = message.runs;
      }),
    ];
    return () => stops.forEach((stop) => stop());
  }

  async refresh(): Promise<void> {
    try {
      const [list, channels] = await Promise.all([call('list_images', {}), call('list_channels', { image: null })]);
      this.images = list.images;
      this.channels = channels.channels;
      this.failure = null;
      this.generation += 1;
    } catch (thrown) {
      this.failure = asWireError(thrown);
    }
    this.loaded = true;
  }
}

export const library = new Library();
