// The settings file: how much is kept, and run profiles.
import { asWireError, call, type Settings, type WireError } from '../api';
import { remember } from '../lib/remember';
import { toast } from './toasts.svelte';
import { workspace } from './workspace.svelte';

class SettingsState {
  current: Settings | null = $state.raw(null);
  failure: WireError | null = $state.raw(null);

  async read(): Promise<void> {
    try {
      this.current = await call('get_settings', {});
      this.failure = null;
    } catch (thrown) {
      this.failure = asWireError(thrown);
    }
  }

  async write(settings: Settings): Promise<boolean> {
    try {
      this.current = await call('set_settings', settings);
      return true;
    } catch (thrown) {
      const failure = asWireError(thrown);
      toast('error', [failure.title, ...failure.causes].join(': '));
      return false;
    }
  }
}

export const settings = new SettingsState();

const reopen = 'goldsmith.reopen';

/** Another language: the window starts again in it, with the template that is open. What is not saved is kept. */
export async function speakFromNowOn(language: string): Promise<void> {
  remember('language', language);
  await workspace.view?.flush();
  if (workspace.session) sessionStorage.setItem(reopen, workspace.path);
  location.reload();
}

/** The template that was open before the window started again. */
export function takeReopened(): string | null {
  const path = sessionStorage.getItem(reopen);
  sessionStorage.removeItem(reopen);
  return path;
}
