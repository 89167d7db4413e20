// What one asks about the text of the open template: declarations, references, renaming, symbols.
import { asWireError, call, type Completions, type DocumentSymbol, type Edit, type Fix, type FileShape, type Hover, type Place, type Signature, type Utf16Position, type Usages, type ValueCompletions } from '../api';
import { t } from '../lib/text';
import { toast } from './toasts.svelte';
import { workspace } from './workspace.svelte';

/** A list to choose a place from. */
export interface Choice {
  title: string;
  items: { text: string; detail: string; place: Place; depth: number }[];
}

class Language {
  /** What can be chosen from now. */
  choice: Choice | null = $state.raw(null);
  /** The name that is being changed. */
  renaming: { usages: Usages; name: string } | null = $state.raw(null);

  /** An answer about the text as it is shown; nothing when it cannot be had. */
  async #ask<T>(file: string | null, ask: (session: string, file: string) => Promise<T>): Promise<T | null> {
    await workspace.view?.flush();
    const { session } = workspace;
    if (!session || !file) return null;
    try {
      return await ask(session, file);
    } catch {
      // The session went away meanwhile, or the text did: there is nothing to say.
      return null;
    }
  }

  async complete(file: string, at: Utf16Position): Promise<Completions | null> {
    return (await this.#ask(file, (session) => call('complete', { session, file, at })))?.completions ?? null;
  }
  async completeValue(block: string, name: string, text: string, at: number): Promise<ValueCompletions | null> {
    const { session } = workspace;
    return session ? call('complete_value', { session, block, name, text, at }).catch(() => null) : null;
  }
  async hover(file: string, at: Utf16Position): Promise<Hover | null> {
    return (await this.#ask(file, (session) => call('hover', { session, file, at })))?.hover ?? null;
  }
  async signature(file: string, at: Utf16Position): Promise<Signature | null> {
    return (await this.#ask(file, (session) => call('signature', { session, file, at })))?.signature ?? null;
  }
  shape(file: string): Promise<FileShape | null> {
    return this.#ask(file, (session) => call('file_shape', { session, file }));
  }
  #usages(file: string, at: Utf16Position): Promise<Usages | null> {
    return this.#ask(file, (session) => call('usages', { session, file, at }));
  }

  go(place: Place): void {
    workspace.reveal(place.file, place, true);
  }

  /** To the declaration; where the caret is on it already, to the references. */
  async definition(file: string, at: Utf16Position): Promise<void> {
    const found = await this.#usages(file, at);
    const declared = found?.usages.find((usage) => usage.declaration);
    if (!found?.symbol || !declared) {
      toast('info', found?.symbol ? t.language.notDeclared(found.symbol.name) : t.language.nothingHere);
      return;
    }
    const here = found.place && found.place.file === declared.place.file && found.place.start === declared.place.start;
    if (here) this.#list(found);
    else this.go(declared.place);
  }

  async references(file: string, at: Utf16Position): Promise<void> {
    const found = await this.#usages(file, at);
    if (found?.symbol) this.#list(found);
    else toast('info', t.language.nothingHere);
  }

  #list(found: Usages): void {
    const items = found.usages.map(({ place, declaration, text }) => ({
      text,
      detail: `${place.file.split('/').at(-1) ?? ''}:${place.line}${declaration ? `, ${t.language.declaration}` : ''}`,
      place,
      depth: 0,
    }));
    this.choice = { title: t.language.references(found.symbol?.name ?? '', items.length), items };
  }

  /** What the file declares, to go there. */
  async symbols(): Promise<void> {
    const { file } = workspace;
    const shape = file ? await this.shape(file) : null;
    if (!shape) return;
    const rows = (list: DocumentSymbol[], depth: number): Choice['items'] =>
      list.flatMap((symbol) => [{ text: symbol.name, detail: symbol.detail, place: symbol.name_place, depth }, ...rows(symbol.children, depth + 1)]);
    this.choice = { title: t.language.symbols, items: rows(shape.symbols, 0) };
  }

  async rename(file: string, at: Utf16Position): Promise<void> {
    const usages = await this.#usages(file, at);
    if (!usages?.symbol || !usages.usages.some((usage) => usage.declaration)) {
      toast('info', t.language.nothingToRename);
      return;
    }
    const { name } = usages.symbol;
    const own = usages.symbol.kind === 'source' || usages.symbol.kind === 'data' ? name.slice(name.indexOf('.') + 1) : name;
    this.renaming = { usages, name: own };
  }

  /** Gives the symbol its new name everywhere, as one step of undo. */
  async renamed(name: string): Promise<void> {
    const { renaming } = this;
    this.renaming = null;
    if (!renaming || name === renaming.name || name === '') return;
    if (!/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(name)) {
      toast('error', t.language.notAName(name));
      return;
    }
    const { symbol } = renaming.usages;
    // Files with values of variables follow as well.
    if (symbol) await workspace.edit({ edit: 'rename', symbol, to: name });
  }

  async fix(fix: Fix): Promise<void> {
    await this.#replace(fix.replacements);
  }

  async #replace(replacements: { place: Place; text: string }[]): Promise<void> {
    // From the end to the start, so that each place is still where it was.
    const edits = [...replacements]
      .sort((a, b) => b.place.start - a.place.start)
      .map(({ place, text }): Edit => ({ edit: 'replace_text', file: place.file, range: { unit: 'bytes', start: place.start, end: place.end }, text }));
    try {
      await workspace.edit({ edit: 'several', edits });
    } catch (thrown) {
      toast('error', asWireError(thrown).title);
    }
  }
}

export const language = new Language();
