// What can be done from anywhere, with its keys: one list for the palette and the keyboard.
import type { IconName } from '../lib/icons';
import { t } from '../lib/text';
import { language } from './language.svelte';
import { navigation, places, type Place } from './navigation.svelte';
import { pickTemplate } from './pick.svelte';
import { planning } from './planning.svelte';
import { workspace } from './workspace.svelte';

export interface Action {
  id: string;
  text: string;
  icon: IconName;
  keys?: string;
  enabled: () => boolean;
  run: () => void | Promise<unknown>;
}

const inTemplate = () => workspace.session !== null;

async function open(kind: 'file' | 'folder'): Promise<void> {
  const path = await pickTemplate(kind);
  if (path) await workspace.open(path);
}

export const actions: readonly Action[] = [
  { id: 'build', text: t.template.build, icon: 'hammer', keys: 'Ctrl B', enabled: inTemplate, run: () => planning.build() },
  { id: 'plan', text: t.template.plan, icon: 'list', keys: 'Ctrl Shift P', enabled: inTemplate, run: () => planning.open() },
  { id: 'validate', text: t.template.validate, icon: 'circle-check', keys: 'Ctrl Shift V', enabled: inTemplate, run: () => workspace.validate() },
  { id: 'save', text: t.template.save, icon: 'save', keys: 'Ctrl S', enabled: inTemplate, run: () => workspace.save() },
  { id: 'undo', text: t.template.undo, icon: 'undo', keys: 'Ctrl Z', enabled: () => workspace.canUndo, run: () => workspace.undo() },
  { id: 'redo', text: t.template.redo, icon: 'redo', keys: 'Ctrl Shift Z', enabled: () => workspace.canRedo, run: () => workspace.redo() },
  { id: 'open-file', text: t.template.openFile, icon: 'file-code', keys: 'Ctrl O', enabled: () => true, run: () => open('file') },
  { id: 'open-folder', text: t.template.openFolder, icon: 'folder-open', keys: 'Ctrl Alt O', enabled: () => true, run: () => open('folder') },
  { id: 'symbols', text: t.language.symbols, icon: 'list-tree', keys: 'Ctrl Shift O', enabled: inTemplate, run: () => language.symbols() },
  { id: 'reload', text: t.template.reload, icon: 'refresh', enabled: inTemplate, run: () => workspace.reload() },
  ...places.map(
    (place: Place, index): Action => ({
      id: `go-${place}`,
      text: t.places[place],
      icon: ({ templates: 'pencil-ruler', builds: 'hammer', library: 'library', host: 'cpu' } as const)[place],
      keys: `Ctrl ${index + 1}`,
      enabled: () => true,
      run: () => navigation.go(place),
    }),
  ),
  { id: 'theme-light', text: `${t.places.theme}: ${t.places.themeLight}`, icon: 'sun', enabled: () => true, run: () => navigation.setTheme('light') },
  { id: 'theme-dark', text: `${t.places.theme}: ${t.places.themeDark}`, icon: 'moon', enabled: () => true, run: () => navigation.setTheme('dark') },
  { id: 'theme-system', text: `${t.places.theme}: ${t.places.themeSystem}`, icon: 'sun-moon', enabled: () => true, run: () => navigation.setTheme('system') },
  { id: 'shortcuts', text: t.shortcuts.title, icon: 'info', keys: 'Ctrl /', enabled: () => true, run: () => void (navigation.shortcuts = true) },
];

/** The next part of the window takes the keyboard. */
function cyclePanes(back: boolean): void {
  const stops = [...document.querySelectorAll<HTMLElement>('nav, [data-pane], footer')].filter(
    (element) => element.offsetParent !== null,
  );
  const at = stops.findIndex((element) => element.contains(document.activeElement));
  const next = stops[(at + (back ? -1 : 1) + stops.length) % stops.length];
  const target = next?.querySelector<HTMLElement>(
    '[data-first-focus], .cm-content, [tabindex="0"], input, button:not(:disabled)',
  );
  target?.focus();
}

/** Keys of the whole window. */
export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  if (event.key === 'F6') {
    event.preventDefault();
    cyclePanes(event.shiftKey);
    return;
  }
  const target = event.target as HTMLElement;
  const typing = target.matches('input, textarea, [contenteditable="true"]');
  if (event.key === '/' && !typing && !event.ctrlKey && !event.altKey && !event.metaKey) {
    const filter = [...document.querySelectorAll<HTMLElement>('[data-filter] input')].find(
      (element) => element.offsetParent !== null,
    );
    if (filter) {
      event.preventDefault();
      filter.focus();
    }
    return;
  }
  if (!event.ctrlKey || event.metaKey) return;
  if (event.key.toLowerCase() === 'k' && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    navigation.palette = true;
    return;
  }
  if (document.querySelector('dialog[open]')) return;
  const pressed = `Ctrl ${event.altKey ? 'Alt ' : ''}${event.shiftKey ? 'Shift ' : ''}${event.key.length === 1 ? event.key.toUpperCase() : event.key}`;
  const action = actions.find((one) => one.keys === pressed);
  if (!action) return;
  // In a plain field undo and redo belong to the field while it differs from its value.
  event.preventDefault();
  if (action.enabled()) void action.run();
}
