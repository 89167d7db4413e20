// What else can be done with one value of a form.
import type { Field } from '../api';
import type { MenuItem } from '../components/shared/MenuList.svelte';
import { naming } from '../state/naming.svelte';
import { workspace } from '../state/workspace.svelte';
import { t } from './text';

const words = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '');

export function fieldMenu(block: string, kind: string, field: Field): MenuItem[] {
  const { name } = field;
  const items: MenuItem[] = [];
  if (field.disabled) {
    items.push({ text: t.template.enableField, icon: 'play', run: () => void workspace.edit({ edit: 'enable_attribute', block, name }) });
  }
  if (!field.set) return items;
  if (field.literal !== null && !kind.startsWith('variable')) {
    items.push({
      text: t.template.extract,
      icon: 'variable',
      run: () => {
        naming.current = {
          title: t.template.extractTitle(name),
          text: t.template.extractText,
          label: t.template.variableName,
          value: name,
          confirm: t.template.extractConfirm,
          run: (variable) => workspace.edit({ edit: 'extract_variable', block, name, index: null, variable }),
        };
      },
    });
  }
  if (name === 'inline') {
    items.push({
      text: t.template.script,
      icon: 'file-code',
      run: () => {
        const step = workspace.form?.title ?? 'script';
        naming.current = {
          title: t.template.scriptTitle,
          text: t.template.scriptText,
          label: t.template.scriptName,
          value: `scripts/${words(step) || 'script'}.sh`,
          confirm: t.template.scriptConfirm,
          run: (file) => workspace.edit({ edit: 'move_script_to_file', block, file }),
        };
      },
    });
  }
  items.push({ text: t.template.disableField, icon: 'circle-slash', run: () => void workspace.edit({ edit: 'disable_attribute', block, name }) });
  return items;
}
