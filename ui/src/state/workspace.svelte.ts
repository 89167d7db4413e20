// The open template: what the backend says of it, and the way edits go there and back.
import {
  asWireError,
  call,
  subscribe,
  type AttributeValue,
  type Changed,
  type Diagnostic,
  type DiskConflict,
  type Edit,
  type Form,
  type OpenedTemplate,
  type Outline,
  type OutlineNode,
  type Patch,
  type Recovery,
  type TemplateInputs,
  type TemplateState,
  type Validation,
  type WireError,
} from '../api';
import { baseName } from '../lib/format';
import { applyPatches, type Span } from '../lib/patches';
import { t } from '../lib/text';
import { currentHost } from '../host';
import { navigation } from './navigation.svelte';
import { toast } from './toasts.svelte';

/** The text pane, as far as the workspace needs it. */
export interface TextView {
  /** Typed text that has not been sent yet goes to the backend now. */
  flush(): Promise<void>;
  /** Patches made elsewhere: shown in the text, highlighted when asked. */
  patched(file: string, patches: Patch[], highlight: boolean): void;
  /** Shows a place. */
  reveal(file: string, span: Span, focus: boolean): void;
}

const noInputs: TemplateInputs = { vars: [], var_files: [], only: [], except: [] };

class Workspace {
  session: string | null = $state(null);
  path = $state('');
  name = $state('');
  folder = $state(false);
  opening = $state(false);
  failure: WireError | null = $state.raw(null);

  revision = $state(0);
  outline: Outline = $state.raw({ nodes: [] });
  diagnostics: Diagnostic[] = $state.raw([]);
  inputs: TemplateInputs = $state.raw(noInputs);
  dirty: string[] = $state.raw([]);
  canUndo = $state(false);
  canRedo = $state(false);
  /** Files that were changed here and on disk in the same lines. */
  conflicts: DiskConflict[] = $state.raw([]);
  /** What an earlier session did not save, until it is decided about. */
  recovery: Recovery | null = $state.raw(null);
  validation: Validation | null = $state.raw(null);

  selected: string | null = $state(null);
  /** Where the caret is in the text, by the user's own doing; lines from 1. */
  caret: { file: string; line: number } | null = $state.raw(null);
  file: string | null = $state(null);
  form: Form | null = $state.raw(null);
  /** The form is the last one that could be read: the text is broken now. */
  formStale = $state(false);

  /** Whether it is asked what becomes of unsaved changes. */
  closing = $state(false);
  files: string[] = $state.raw([]);
  /** One file in JSON, which can be written as HCL. */
  isJson = $derived(this.session !== null && !this.folder && this.path.endsWith('.json'));
  errors = $derived(this.diagnostics.filter((one) => one.severity === 'error').length);
  warnings = $derived(this.diagnostics.filter((one) => one.severity === 'warning').length);

  /** Set by the text pane while it is shown. */
  view: TextView | null = null;
  #texts = new Map<string, string>();
  #queue: Promise<unknown> = Promise.resolve();
  #formAsked = 0;
  #stopWatching: (() => void) | undefined;

  text(file: string): string {
    return this.#texts.get(file) ?? '';
  }
  setText(file: string, text: string): void {
    this.#texts.set(file, text);
  }

  async open(path: string): Promise<boolean> {
    this.opening = true;
    this.failure = null;
    try {
      const opened = await call('open_template', { path, inputs: noInputs, remember: true });
      this.#forget();
      this.#opened(opened);
      navigation.go('templates');
      return true;
    } catch (thrown) {
      this.failure = asWireError(thrown);
      return false;
    } finally {
      this.opening = false;
    }
  }

  #opened(opened: OpenedTemplate): void {
    this.session = opened.session;
    this.path = opened.path;
    this.name = opened.name;
    this.folder = opened.folder;
    this.recovery = opened.recovery;
    this.#take(opened.state);
    this.file = this.files[0] ?? null;
    this.select(firstWorthSelecting(this.outline.nodes));
    this.#stopWatching = subscribe(`template/${opened.session}`, (message) => {
      if (message.kind !== 'template') return;
      if (message.changed.length > 0) void this.mergeDisk();
      else this.conflicts = [];
    });
    this.#retitle();
  }

  #forget(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    const session = this.session;
    if (session) void call('close_template', { session }).catch(() => undefined);
    this.session = null;
    this.form = null;
    this.formStale = false;
    this.selected = null;
    this.conflicts = [];
    this.recovery = null;
    this.validation = null;
    this.#texts.clear();
  }

  close(): void {
    this.#forget();
    this.name = '';
    this.#retitle();
  }

  /** Closes the template; with unsaved changes only after an answer. */
  askToClose(): void {
    if (this.dirty.length > 0) this.closing = true;
    else this.close();
  }

  /** Writes the JSON template as HCL beside it; the path of what was written. */
  async convert(): Promise<string | null> {
    const output = this.path.replace(/(\.pkr)?\.json$/, '.pkr.hcl');
    const upgraded = await this.#told(call('upgrade_template', { path: this.path, text: null, output, annotations: true }));
    if (!upgraded?.written) return null;
    toast('success', [t.convert.done(baseName(upgraded.written)), ...upgraded.notes].join(' '));
    return upgraded.written;
  }

  /** Brings the text that is shown into canonical format, as one edit. */
  async format(): Promise<void> {
    const { file } = this;
    if (!file) return;
    await this.view?.flush();
    const before = this.text(file);
    const formatted = await this.#told(call('format_text', { text: before }));
    if (!formatted) return;
    if (formatted.text === before) toast('info', t.template.formatted);
    else await this.edit(wholeText(file, before, formatted.text));
  }

  #retitle(): void {
    const mark = this.dirty.length > 0 ? ' •' : '';
    const title = this.session ? `${this.name}${mark} – ${t.app}` : t.app;
    void currentHost().then((host) => host.title(title));
  }

  #take(state: TemplateState): void {
    this.#texts = new Map(state.documents.map((document) => [document.file, document.text]));
    this.files = state.documents.map((document) => document.file);
    if (this.file && !this.files.includes(this.file)) this.file = this.files[0] ?? null;
    this.revision = state.revision;
    this.outline = state.outline;
    this.diagnostics = state.diagnostics;
    this.inputs = state.inputs;
    this.dirty = state.dirty;
    this.canUndo = state.can_undo;
    this.canRedo = state.can_redo;
    this.validation = null;
  }

  #changed(changed: Changed, highlight: boolean, show: boolean): void {
    this.revision = changed.revision;
    this.outline = changed.outline;
    this.diagnostics = changed.diagnostics;
    this.canUndo = changed.can_undo;
    this.canRedo = changed.can_redo;
    this.validation = null;
    this.files = changed.files;
    const [warning, ...more] = changed.warnings;
    if (warning) {
      const text = more.length > 0 ? `${warning.message}, ${t.template.moreWarnings(more.length)}` : warning.message;
      toast('warning', text, { text: t.template.undo, run: () => void this.undo() });
    }
    const retitle = (this.dirty.length > 0) !== (changed.dirty.length > 0);
    this.dirty = changed.dirty;
    if (retitle) this.#retitle();
    if (show) {
      const first = changed.patches[0];
      for (const file of new Set(changed.patches.map((patch) => patch.file))) {
        const patches = changed.patches.filter((patch) => patch.file === file);
        this.#texts.set(file, applyPatches(this.text(file), patches));
        this.view?.patched(file, patches, highlight);
      }
      // The text pane stays where it is when something changed there.
      if (first && !changed.patches.some((patch) => patch.file === this.file)) this.file = first.file;
      if (this.file && !this.files.includes(this.file)) this.file = this.files[0] ?? null;
    }
    void this.#askForm();
  }

  /** One after the other: each edit is made against the revision the one before it left. */
  #inTurn<T>(work: (session: string) => Promise<T>): Promise<T | undefined> {
    const run = async () => (this.session ? work(this.session) : undefined);
    const result = this.#queue.then(run, run);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** An edit from the form or outline. */
  async edit(edit: Edit): Promise<boolean> {
    await this.view?.flush();
    const done = this.#inTurn(async (session) => {
      const changed = await call('apply_edit', { session, base: this.revision, edit });
      if (changed.block) this.selected = changed.block;
      this.#changed(changed, true, true);
      return true;
    });
    return (await this.#told(done)) ?? false;
  }

  /** Text typed in the text pane, which shows it already. */
  typed(edit: Edit): Promise<void> {
    const done = this.#inTurn(async (session) => {
      const changed = await call('apply_edit', { session, base: this.revision, edit });
      this.#changed(changed, false, false);
      return true;
    });
    return this.#told(done).then(async (ok) => {
      // What the text pane shows must be what the backend holds.
      if (!ok) await this.refresh();
    });
  }

  async undo(): Promise<void> {
    await this.view?.flush();
    await this.#told(this.#inTurn(async (session) => this.#changed(await call('undo', { session }), true, true)));
  }
  async redo(): Promise<void> {
    await this.view?.flush();
    await this.#told(this.#inTurn(async (session) => this.#changed(await call('redo', { session }), true, true)));
  }

  async #told<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (thrown) {
      const failure = asWireError(thrown);
      toast('error', [failure.title, ...failure.causes].join(': '));
      return undefined;
    }
  }

  /** Everything anew from the backend. */
  async refresh(): Promise<void> {
    await this.#told(
      this.#inTurn(async (session) => {
        this.#take(await call('template_state', { session }));
        this.view?.patched('', [], false);
        await this.#askForm();
      }),
    );
  }

  async reload(): Promise<void> {
    await this.#told(
      this.#inTurn(async (session) => {
        this.#take(await call('reload', { session }));
        this.conflicts = [];
        this.#retitle();
        this.view?.patched('', [], false);
        await this.#askForm();
      }),
    );
  }

  async setInputs(inputs: TemplateInputs): Promise<void> {
    await this.#told(
      this.#inTurn(async (session) => {
        this.#take(await call('set_inputs', { session, inputs }));
        await this.#askForm();
      }),
    );
  }

  /** Takes in what other programs changed, as far as that can be done without asking. */
  async mergeDisk(): Promise<void> {
    await this.view?.flush();
    const merge = await this.#told(this.#inTurn((session) => call('merge_disk', { session })));
    if (!merge) return;
    this.conflicts = merge.conflicts;
    if (merge.merged.length === 0) return;
    this.#changed(merge.changed, true, true);
    this.#retitle();
    toast('info', t.template.diskMerged(merge.merged.map(baseName).join(', ')));
  }
  async resolveDisk(file: string, keep: 'mine' | 'theirs'): Promise<void> {
    await this.#told(
      this.#inTurn(async (session) => {
        this.#changed(await call('resolve_disk', { session, file, keep }), true, true);
        this.conflicts = this.conflicts.filter((one) => one.file !== file);
        this.#retitle();
      }),
    );
  }
  /** Brings back what an earlier session did not save, or forgets it. */
  async recover(restore: boolean): Promise<void> {
    await this.#told(
      this.#inTurn(async (session) => {
        this.#changed(await call('recover_template', { session, restore }), true, true);
        this.recovery = null;
        this.#retitle();
      }),
    );
  }

  async save(overwrite = false): Promise<boolean> {
    await this.view?.flush();
    // What changed on disk meanwhile is taken in first; what cannot be is asked about.
    if (!overwrite) await this.mergeDisk();
    try {
      const saved = await this.#inTurn((session) => call('save', { session, file: null, overwrite }));
      if (!saved) return false;
      this.dirty = saved.dirty;
      this.conflicts = [];
      this.#retitle();
      toast(saved.files.length > 0 ? 'success' : 'info', t.template.saved(saved.files.length));
      return true;
    } catch (thrown) {
      const failure = asWireError(thrown);
      // The notice above the panes asks what to do.
      if (failure.code === 'file_changed' && this.conflicts.length > 0) return false;
      const retry =
        failure.code === 'file_changed' ? { text: t.template.overwrite, run: () => void this.save(true) } : undefined;
      toast('error', [failure.title, ...failure.causes].join(': '), retry);
      return false;
    }
  }

  async validate(): Promise<Validation | undefined> {
    await this.view?.flush();
    const validation = await this.#told(this.#inTurn((session) => call('validate', { session })));
    if (validation) {
      this.validation = validation;
      this.diagnostics = validation.diagnostics;
      if (validation.valid) toast('success', t.template.validOk(validation.jobs.length));
      else toast('error', t.template.validBad(validation.errors));
    }
    return validation;
  }

  /** Selects a block; its form is asked for, its text shown. */
  select(block: string | null, reveal = true): void {
    if (block === this.selected && this.form) {
      if (reveal) this.#revealSelected();
      return;
    }
    this.selected = block;
    this.formStale = false;
    void this.#askForm();
    if (reveal) this.#revealSelected();
  }

  #revealSelected(): void {
    const place = this.selected ? findNode(this.outline.nodes, this.selected)?.place : undefined;
    if (place) this.reveal(place.file, place, false);
  }

  reveal(file: string, span: Span, focus: boolean): void {
    this.file = file;
    this.view?.reveal(file, span, focus);
  }

  async #askForm(): Promise<void> {
    const { session, selected } = this;
    if (!session || !selected) {
      this.form = null;
      return;
    }
    const asked = ++this.#formAsked;
    try {
      const answer = await call('template_form', { session, block: selected });
      if (asked !== this.#formAsked) return;
      if (answer.form) {
        this.form = answer.form;
        this.formStale = false;
      } else if (this.form && this.errors > 0) {
        this.formStale = true;
      } else {
        this.form = null;
      }
    } catch (thrown) {
      if (asked === this.#formAsked) toast('error', asWireError(thrown).title);
    }
  }

  setAttribute(block: string, name: string, value: AttributeValue): Promise<boolean> {
    return this.edit({ edit: 'set_attribute', block, name, value });
  }
  unsetAttribute(block: string, name: string): Promise<boolean> {
    return this.edit({ edit: 'unset_attribute', block, name });
  }
  removeBlock(block: string): Promise<boolean> {
    const near = neighbours(this.outline.nodes, block);
    if (block === this.selected) this.selected = near?.parent?.id ?? null;
    return this.edit({ edit: 'remove_block', block });
  }
  addBlock(parent: string | null, kind: string, labels: string[]): Promise<boolean> {
    return this.edit({ edit: 'add_block', parent, kind, labels, attributes: [], after: null });
  }
  /** Moves a block among its siblings. */
  async move(block: string, by: -1 | 1): Promise<boolean> {
    const other = this.neighbour(block, by);
    if (!other) return false;
    return this.edit({ edit: 'move_block', block, to: { where: by < 0 ? 'before' : 'after', block: other.id } });
  }
  /** The next block of its family that it can change places with. */
  neighbour(block: string, by: -1 | 1): OutlineNode | undefined {
    const near = neighbours(this.outline.nodes, block);
    const own = near?.siblings[near.at];
    if (!near || !own || own.disabled) return undefined;
    const others = by < 0 ? near.siblings.slice(0, near.at).reverse() : near.siblings.slice(near.at + 1);
    return others.find((other) => !other.disabled && family(other.kind) === family(own.kind));
  }
  /** Whether a block can be dropped beside another one. */
  canDrop(block: string, beside: string): boolean {
    const near = neighbours(this.outline.nodes, block);
    const other = near?.siblings.find((node) => node.id === beside);
    const own = near?.siblings[near.at];
    return !!own && !!other && own !== other && !own.disabled && !other.disabled && family(own.kind) === family(other.kind);
  }
  drop(block: string, beside: string, where: 'before' | 'after'): Promise<boolean> {
    return this.edit({ edit: 'move_block', block, to: { where, block: beside } });
  }
  duplicate(block: string): Promise<boolean> {
    return this.edit({ edit: 'duplicate_block', block });
  }
  /** Turns a block into comments, or back. */
  toggle(block: string): Promise<boolean> {
    const node = findNode(this.outline.nodes, block);
    if (!node) return Promise.resolve(false);
    return this.edit({ edit: node.disabled ? 'enable_block' : 'disable_block', block });
  }
}

/** The stretch in which two texts differ, as an edit. */
function wholeText(file: string, before: string, after: string): Edit {
  let from = 0;
  while (from < before.length && before[from] === after[from]) from += 1;
  let end = 0;
  while (end < before.length - from && end < after.length - from && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const at = (offset: number) => {
    const lines = before.slice(0, offset).split('\n');
    return { line: lines.length - 1, column: lines.at(-1)?.length ?? 0 };
  };
  return { edit: 'replace_text', file, range: { unit: 'utf16', start: at(from), end: at(before.length - end) }, text: after.slice(from, after.length - end) };
}

/** Blocks of one family can change places. */
const family = (kind: string) => (kind === 'post-processors' ? 'post-processor' : kind);

export function findNode(nodes: OutlineNode[], id: string): OutlineNode | undefined {
  for (const node of nodes) {
    if (node.id === id) return node;
    const below = findNode(node.children, id);
    if (below) return below;
  }
  return undefined;
}

/** The first block of a kind. */
export function findKind(nodes: OutlineNode[], kind: string): OutlineNode | undefined {
  return nodes.find((node) => node.kind === kind) ?? nodes.map((node) => findKind(node.children, kind)).find(Boolean);
}

/** Where a block stands among its siblings. */
export function neighbours(
  nodes: OutlineNode[],
  id: string,
  parent: OutlineNode | null = null,
): { siblings: OutlineNode[]; at: number; parent: OutlineNode | null } | undefined {
  const at = nodes.findIndex((node) => node.id === id);
  if (at >= 0) return { siblings: nodes, at, parent };
  for (const node of nodes) {
    const found = neighbours(node.children, id, node);
    if (found) return found;
  }
  return undefined;
}

/** The deepest block that holds a line of a file. */
export function nodeAt(nodes: OutlineNode[], file: string, line: number): OutlineNode | undefined {
  for (const node of nodes) {
    const below = nodeAt(node.children, file, line);
    if (below) return below;
    const { place } = node;
    if (place && place.file === file && place.line <= line && line <= place.end_line) return node;
  }
  return undefined;
}

/** The first source, else the first block at all. */
function firstWorthSelecting(nodes: OutlineNode[]): string | null {
  const all: OutlineNode[] = [];
  const walk = (list: OutlineNode[]) => {
    for (const node of list) {
      if (node.place) all.push(node);
      walk(node.children);
    }
  };
  walk(nodes);
  return (all.find((node) => node.kind === 'source') ?? all[0])?.id ?? null;
}

export const workspace = new Workspace();
