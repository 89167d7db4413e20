// What can be done from anywhere, with its keys: one list for the palette and the keyboard.
import type { IconName } from '../lib/icons';
import { t } from '../lib/text';
import { language } from './language.svelte';
import { look } from './look.svelte';
import { navigation, places, type Place, type Sheet } from './navigation.svelte';
import { host } from './host.svelte';
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

function show(sheet: Sheet): void {
  navigation.sheet = sheet;
}

/** Writes a JSON template as HCL beside it, and opens that. */
export async function convert(): Promise<void> {
  const written = await workspace.convert();
  if (written) await workspace.open(written);
}

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
  { id: 'close', text: t.template.closeTemplate, icon: 'x', enabled: inTemplate, run: () => workspace.askToClose() },
  { id: 'format', text: t.template.format, icon: 'wrap-text', enabled: inTemplate, run: () => workspace.format() },
  { id: 'add', text: t.template.addStep, icon: 'plus', enabled: inTemplate, run: () => show('catalogue') },
  { id: 'values', text: t.template.values, icon: 'variable', enabled: inTemplate, run: () => show('values') },
  { id: 'graph', text: t.graph.open, icon: 'list-tree', enabled: inTemplate, run: () => show('graph') },
  { id: 'compare', text: t.compare.open, icon: 'history', enabled: inTemplate, run: () => show('compare') },
  { id: 'convert', text: t.convert.open, icon: 'braces', enabled: () => workspace.isJson, run: () => convert() },
  { id: 'wizard', text: t.wizard.open, icon: 'sparkles', keys: 'Ctrl N', enabled: () => true, run: () => show('wizard') },
  { id: 'examine', text: `${t.places.host}: ${t.host.recheck}`, icon: 'refresh', enabled: () => true, run: () => host.examine(true) },
  ...places.map(
    (place: Place, index): Action => ({
      id: `go-${place}`,
      text: t.places[place],
      icon: ({ templates: 'pencil-ruler', builds: 'hammer', library: 'library', host: 'cpu', settings: 'settings' } as const)[place],
      keys: `Ctrl ${index + 1}`,
      enabled: () => true,
      run: () => navigation.go(place),
    }),
  ),
  { id: 'go-settings', text: t.places.settings, icon: 'settings', keys: 'Ctrl ,', enabled: () => true, run: () => navigation.go('settings') },
  { id: 'theme-light', text: `${t.places.theme}: ${t.places.themeLight}`, icon: 'sun', enabled: () => true, run: () => look.setTheme('light') },
  { id: 'theme-dark', text: `${t.places.theme}: ${t.places.themeDark}`, icon: 'moon', enabled: () => true, run: () => look.setTheme('dark') },
  { id: 'theme-system', text: `${t.places.theme}: ${t.places.themeSystem}`, icon: 'sun-moon', enabled: () => true, run: () => look.setTheme('system') },
  { id: 'contrast-more', text: `${t.settings.contrast}: ${t.settings.contrasts['more']}`, icon: 'sun', enabled: () => true, run: () => look.setContrast('more') },
  { id: 'contrast-system', text: `${t.settings.contrast}: ${t.settings.contrasts['system']}`, icon: 'sun-moon', enabled: () => true, run: () => look.setContrast('system') },
  { id: 'zoom-in', text: t.settings.zoomIn, icon: 'plus', keys: 'Ctrl +', enabled: () => true, run: () => look.zoomBy(1) },
  { id: 'zoom-out', text: t.settings.zoomOut, icon: 'minus', keys: 'Ctrl -', enabled: () => true, run: () => look.zoomBy(-1) },
  { id: 'zoom-reset', text: t.settings.zoomReset, icon: 'search', keys: 'Ctrl 0', enabled: () => true, run: () => look.setZoom(1) },
  { id: 'shortcuts', text: t.shortcuts.title, icon: 'info', keys: 'Ctrl /', enabled: () => true, run: () => show('shortcuts') },
  { id: 'about', text: t.about.open, icon: 'info', enabled: () => true, run: () => show('about') },
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
    show('palette');
    return;
  }
  if (document.querySelector('dialog[open]')) return;
  // On many keyboards + needs the shift key.
  const shift = event.shiftKey && event.key !== '+';
  const pressed = `Ctrl ${event.altKey ? 'Alt ' : ''}${shift ? 'Shift ' : ''}${event.key.length === 1 ? event.key.toUpperCase() : event.key}`;
  const action = actions.find((one) => one.keys === pressed);
  if (!action) return;
  // In a plain field undo and redo belong to the field while it differs from its value.
  event.preventDefault();
  if (action.enabled()) void action.run();
}
