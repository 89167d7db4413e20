// What can be done with a block, for its menus.
import type { OutlineNode } from '../api';
import type { MenuItems } from '../components/shared/MenuList.svelte';
import { naming } from '../state/naming.svelte';
import { workspace } from '../state/workspace.svelte';
import { t } from './text';

/** The part of a block's labels that names it, where other places refer to it. */
export function ownName(node: OutlineNode): string | null {
  const named = ['variable', 'local', 'source', 'data'].includes(node.kind) && !node.id.includes('/');
  return named ? (node.labels.at(-1) ?? null) : null;
}

export function rename(node: OutlineNode): void {
  const name = ownName(node);
  if (name === null || node.disabled) return;
  naming.current = {
    title: t.template.renameTitle(node.title),
    text: t.template.renameText,
    label: t.template.newName,
    value: name,
    confirm: t.template.rename,
    run: (to) => workspace.edit({ edit: 'set_label', block: node.id, index: node.labels.length - 1, label: to }),
  };
}

export function blockMenu(node: OutlineNode): MenuItems {
  const { id } = node;
  const show = { text: t.template.goToText, icon: 'code', run: () => workspace.select(id) } as const;
  const remove = { text: t.template.removeBlock, icon: 'trash', keys: 'Del', danger: true, run: () => void workspace.removeBlock(id) } as const;
  const toggle = {
    text: node.disabled ? t.template.enable : t.template.disable,
    icon: node.disabled ? 'play' : 'circle-slash',
    keys: 'Space',
    run: () => void workspace.toggle(id),
  } as const;
  if (node.disabled) return [show, 'line', toggle, 'line', remove];
  return [
    show,
    'line',
    { text: t.template.moveUp, icon: 'arrow-up', keys: 'Alt ↑', disabled: !workspace.neighbour(id, -1), run: () => void workspace.move(id, -1) },
    { text: t.template.moveDown, icon: 'arrow-down', keys: 'Alt ↓', disabled: !workspace.neighbour(id, 1), run: () => void workspace.move(id, 1) },
    { text: t.template.duplicate, icon: 'copy', keys: 'Ctrl D', run: () => void workspace.duplicate(id) },
    ...(ownName(node) === null ? [] : [{ text: t.template.renameDots, icon: 'tag', keys: 'F2', run: () => rename(node) } as const]),
    toggle,
    'line',
    remove,
  ];
}
