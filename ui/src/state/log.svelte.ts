// The log of one build: how it stands step by step, and the lines that are looked at, fetched in pages.
import { asWireError, call, subscribe, type FoundLine, type LogFilter, type LogLine, type LogSections, type WireError } from '../api';

const pageSize = 200;
const mostPages = 300;

export const noFilter: LogFilter = { text: '', errors: false, job: null, step: null };
const keyOf = (filter: LogFilter) => `${filter.errors ? 1 : 0}\u0000${filter.job ?? ''}\u0000${filter.step ?? ''}\u0000${filter.text}`;

export class LogStore {
  /** Lines in all, lines that speak of an error, and the steps they are of. */
  sections: LogSections = $state.raw({ total: 0, errors: 0, sections: [] });
  loaded = $state(false);
  failure: WireError | null = $state.raw(null);
  /** Grows when lines have come, so that views draw again. */
  version = $state(0);
  /** How many lines each filter with a text lets through, as far as it was asked for. */
  #totals = new Map<string, number>();
  #pages = new Map<string, (LogLine | undefined)[]>();
  #asked = new Map<string, number>();
  readonly build: string;

  constructor(build: string) {
    this.build = build;
  }

  get total(): number {
    return this.sections.total;
  }

  start(): () => void {
    return subscribe(`sections/${this.build}`, (message) => {
      if (message.kind !== 'sections') return;
      this.sections = message.log;
      this.loaded = true;
    });
  }

  /** How many lines a filter lets through. */
  count(filter: LogFilter): number {
    if (filter.text !== '') return this.#totals.get(keyOf(filter)) ?? 0;
    const { total, errors, sections } = this.sections;
    if (filter.step === null && filter.job === null) return filter.errors ? errors : total;
    return sections
      .filter((one) => (filter.job === null || one.job === filter.job) && (filter.step === null || one.step === filter.step))
      .reduce((sum, one) => sum + (filter.errors ? one.errors : one.lines), 0);
  }

  /** The line at a place among those that a filter lets through, from 0; nothing while it is fetched. */
  line(filter: LogFilter, row: number): LogLine | undefined {
    return this.#pages.get(`${keyOf(filter)}\u0000${Math.floor(row / pageSize)}`)?.[row % pageSize];
  }

  /** Sees to it that these lines come. */
  want(filter: LogFilter, from: number, to: number): void {
    const count = this.count(filter);
    for (let page = Math.floor(from / pageSize); page <= Math.floor(Math.max(from, to - 1) / pageSize); page += 1) {
      const key = `${keyOf(filter)}\u0000${page}`;
      const have = this.#pages.get(key)?.length ?? 0;
      const should = Math.min(pageSize, count - page * pageSize);
      // One question at a time about a page; it is asked again when it has grown meanwhile.
      if (should > have && !this.#asked.has(key)) void this.#fetch(filter, page, key);
    }
  }

  async #fetch(filter: LogFilter, page: number, key: string): Promise<void> {
    this.#asked.set(key, page);
    try {
      const window = await call('build_log', { build: this.build, from: page * pageSize + 1, count: pageSize, filter });
      this.#pages.delete(key);
      this.#pages.set(key, window.lines);
      if (filter.text !== '') this.#totals.set(keyOf(filter), window.total);
      this.version += 1;
    } catch (thrown) {
      this.failure = asWireError(thrown);
    } finally {
      this.#asked.delete(key);
    }
    // What was looked at longest ago goes: a million lines do not stay in the window.
    for (const old of this.#pages.keys()) {
      if (this.#pages.size <= mostPages) break;
      this.#pages.delete(old);
    }
  }

  /** Asks how many lines a filter with a text lets through by now. */
  async search(filter: LogFilter): Promise<number> {
    const { total } = await call('build_log', { build: this.build, from: 1, count: 0, filter });
    this.#totals.set(keyOf(filter), total);
    this.version += 1;
    return total;
  }

  /** The next line that a filter lets through after a line, or before it. */
  find(filter: LogFilter, after: number, back: boolean): Promise<FoundLine> {
    return call('find_line', { build: this.build, filter, after, back });
  }

  /** The texts of at most this many lines. */
  async texts(filter: LogFilter, most: number): Promise<string[]> {
    const out: string[] = [];
    while (out.length < most) {
      const { lines, total } = await call('build_log', { build: this.build, from: out.length + 1, count: Math.min(5000, most - out.length), filter });
      out.push(...lines.map((line) => line.text));
      if (lines.length === 0 || out.length >= total) break;
    }
    return out;
  }
}
