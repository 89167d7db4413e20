// What git knows of the open template. Asked when the template opens, is changed or saved, once it rests.
import { call, type GitState } from '../api';
import { ago } from '../lib/format';
import { t } from '../lib/text';
import { workspace } from './workspace.svelte';

class Git {
  now: GitState | null = $state.raw(null);
  #asked = 0;

  /** The last commit in a line. */
  get line(): string | undefined {
    const commit = this.now?.commit;
    return commit ? t.compare.last(commit.id, commit.author, ago(commit.at, Date.now()), commit.subject) : undefined;
  }

  async refresh(): Promise<void> {
    const { session } = workspace;
    this.#asked += 1;
    const asked = this.#asked;
    if (!session) {
      this.now = null;
      return;
    }
    // Without git the window says nothing about it.
    const now = await call('git_state', { session }).catch(() => null);
    if (asked === this.#asked) this.now = now;
  }
}

export const git = new Git();
