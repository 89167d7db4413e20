// Puts what was found out during a build back into its template, as one edit that can be undone.
import { call, type OutlineNode } from '../api';
import { literalList } from '../lib/fields';
import { navigation } from './navigation.svelte';
import { workspace } from './workspace.svelte';

const asValue = (entries: readonly string[]) => ({ kind: 'list' as const, value: entries.map((value) => ({ kind: 'string' as const, value })) });

async function opened(template: string): Promise<boolean> {
  return workspace.path === template || (await workspace.open(template));
}

function* all(nodes: readonly OutlineNode[]): Generator<OutlineNode> {
  for (const node of nodes) {
    yield node;
    yield* all(node.children);
  }
}

/** Changes the `inline` of the one provisioner that has these commands; false when there is none, or more than one. */
export async function changeCommands(template: string, before: readonly string[], after: readonly string[]): Promise<boolean> {
  if (!(await opened(template)) || !workspace.session) return false;
  const blocks: string[] = [];
  for (const node of all(workspace.outline?.nodes ?? [])) {
    if (node.kind !== 'provisioner') continue;
    const { form } = await call('template_form', { session: workspace.session, block: node.id });
    const field = form?.groups.flatMap((group) => group.fields).find((one) => one.name === 'inline');
    if (field?.set && JSON.stringify(literalList(field)) === JSON.stringify(before)) blocks.push(node.id);
  }
  const [block] = blocks;
  if (block === undefined || blocks.length > 1) return false;
  workspace.selected = block;
  navigation.go('templates');
  return workspace.edit({ edit: 'set_attribute', block, name: 'inline', value: asValue(after) });
}

/** Makes these entries the `boot_command` of the source that a job is of. */
export async function setBootCommand(template: string, job: string, entries: readonly string[]): Promise<boolean> {
  if (!(await opened(template))) return false;
  const node = [...all(workspace.outline?.nodes ?? [])].find((one) => one.kind === 'source' && (job === one.labels.join('.') || job.endsWith(`.${one.labels.join('.')}`)));
  if (!node) return false;
  workspace.selected = node.id;
  navigation.go('templates');
  return workspace.edit({ edit: 'set_attribute', block: node.id, name: 'boot_command', value: asValue(entries) });
}
