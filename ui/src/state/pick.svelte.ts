// Choosing paths: the system's own dialog where the shell has one, else a designed prompt.
import { asWireError, call, type RequestOf } from '../api';
import { currentHost } from '../host';
import { t } from '../lib/text';
import { toast } from './toasts.svelte';

type PickPath = RequestOf<'pick_path'>;

interface Asked {
  title: string;
  suggestion: string;
  answer: (path: string | null) => void;
}

class Prompt {
  asked: Asked | null = $state.raw(null);
}
export const prompt = new Prompt();

/** Asks for a path; null when the user thought better of it. */
export async function pick(request: Partial<PickPath> & Pick<PickPath, 'purpose' | 'title'>): Promise<string | null> {
  const host = await currentHost();
  if (host.kind === 'desktop') {
    try {
      const answer = await call('pick_path', { suggested_name: null, folder: null, filters: [], ...request });
      return answer.path;
    } catch (thrown) {
      toast('error', asWireError(thrown).title);
      return null;
    }
  }
  const suggestion = [request.folder ?? '', request.suggested_name ?? ''].filter(Boolean).join('/');
  return new Promise((resolve) => {
    prompt.asked = {
      title: request.title,
      suggestion,
      answer: (path) => {
        prompt.asked = null;
        resolve(path);
      },
    };
  });
}

export const templateFilters = [
  { name: t.pick.templates, extensions: ['hcl', 'json'] },
  { name: t.pick.all, extensions: ['*'] },
];

/** Asks for a template file or folder. */
export function pickTemplate(kind: 'file' | 'folder'): Promise<string | null> {
  return kind === 'file'
    ? pick({ purpose: 'open_file', title: t.pick.openFile, filters: templateFilters })
    : pick({ purpose: 'open_folder', title: t.pick.openFolder });
}
