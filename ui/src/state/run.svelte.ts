// One build (or run) being looked at: its state and facts by stream, its log by windows.
import { asWireError, call, subscribe, type BuildState, type Entry, type LogLine, type WireError } from '../api';

const pageSize = 200;
const mostPages = 400;

/**
 * The log of a build, fetched in pages around what is looked at. Rows count from 0 here; the line with number `n`
 * on the wire, where lines count from 1, is row `n - 1`.
 */
export class LogStore {
  total = $state(0);
  /** Grows when lines arrive, so that views draw again. */
  version = $state(0);
  #pages = new Map<number, LogLine[]>();
  #asked = new Set<number>();
  #build: string;
  /** Lines that have come, shown or not. */
  #come = 0;
  #drawing = false;

  constructor(build: string) {
    this.#build = build;
  }

  line(row: number): LogLine | undefined {
    return this.#pages.get(Math.floor(row / pageSize))?.[row % pageSize];
  }

  /** The number of the newest line that has come. */
  get come(): number {
    return Math.max(this.#come, this.total);
  }

  /** Lines that came by the stream. However fast they come, they are drawn once a frame. */
  append(lines: LogLine[]): void {
    for (const line of lines) this.#put(line);
    this.#come = Math.max(this.#come, lines.at(-1)?.n ?? 0);
    this.#letGo(Math.floor(this.#come / pageSize));
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.total = this.come;
      this.version += 1;
    });
  }

  #put(line: LogLine): void {
    const row = line.n - 1;
    const number = Math.floor(row / pageSize);
    let page = this.#pages.get(number);
    if (!page) this.#pages.set(number, (page = []));
    page[row % pageSize] = line;
  }

  /** Sees to it that these lines come. */
  want(from: number, to: number): void {
    for (let page = Math.floor(from / pageSize); page <= Math.floor(Math.max(from, to - 1) / pageSize); page += 1) {
      const last = Math.min(this.total, (page + 1) * pageSize);
      const have = this.#pages.get(page);
      const first = page * pageSize;
      let missing = false;
      for (let n = first; n < last; n += 1) if (!have?.[n - first]) missing = true;
      if (missing && !this.#asked.has(page)) void this.#fetch(page);
    }
  }

  async #fetch(page: number): Promise<void> {
    this.#asked.add(page);
    try {
      const window = await call('build_log', { build: this.#build, from: page * pageSize + 1, count: pageSize });
      for (const line of window.lines) this.#put(line);
      this.total = Math.max(this.total, window.total);
      this.version += 1;
    } catch {
      // Asked again when the lines are looked at again.
    } finally {
      this.#asked.delete(page);
    }
    this.#letGo(page);
  }

  /** Pages far from this one are let go when there are many: a million lines do not stay in the window. */
  #letGo(page: number): void {
    if (this.#pages.size <= mostPages) return;
    for (const key of this.#pages.keys()) {
      if (Math.abs(key - page) > 60) this.#pages.delete(key);
      if (this.#pages.size <= mostPages / 2) break;
    }
  }

  /** Reads the whole log once, in windows, and gives each line to `take`. */
  async scan(take: (line: LogLine) => void, stopped: () => boolean): Promise<void> {
    const step = 5000;
    for (let from = 1; from <= this.total && !stopped(); from += step) {
      const window = await call('build_log', { build: this.#build, from, count: step });
      window.lines.forEach(take);
    }
  }
}

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
    const stops: (() => void)[] = [];
    void (async () => {
      try {
        const [facts, first] = await Promise.all([
          call('build_facts', { build, since: 0 }),
          call('build_log', { build, from: 1, count: 1 }),
        ]);
        if (!open) return;
        this.entries = facts.entries;
        this.state = facts.state;
        this.log.total = first.total;
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
        subscribe(
          `log/${build}`,
          (message) => {
            if (message.kind === 'log') this.log.append(message.lines);
          },
          () => this.log.come,
        ),
      );
    })();
    return () => {
      open = false;
      stops.forEach((stop) => stop());
    };
  }
}
