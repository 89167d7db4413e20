// What the backend knows about a template's text, in CodeMirror: completion, hover, signature, folding, fixes, and the
// keys to go to a declaration, find references and rename.
import { autocompletion, completionKeymap, snippet, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { codeFolding, foldGutter, foldKeymap, foldService } from '@codemirror/language';
import type { Action } from '@codemirror/lint';
import { StateEffect, StateField, type EditorState, type Extension, type Text } from '@codemirror/state';
import { EditorView, hoverTooltip, keymap, showTooltip, type Tooltip } from '@codemirror/view';
import type { Completions, Diagnostic, Fix, Fold, Hover, Note, Place, Signature, Utf16Position } from '../api';

/** How the island asks and what it hands on. Answers are about the text as the island holds it. */
export interface LanguageProps {
  complete(at: Utf16Position): Promise<Completions | null>;
  hover(at: Utf16Position): Promise<Hover | null>;
  signature(at: Utf16Position): Promise<Signature | null>;
  /** F12, or a click with Ctrl. */
  onDefinition(at: Utf16Position): void;
  /** Shift F12. */
  onReferences(at: Utf16Position): void;
  /** F2. */
  onRename(at: Utf16Position): void;
  onFix(fix: Fix): void;
}

/** The offset of a place's line (from 1) and column (from 1, in characters). */
export function offsetOfPlace(doc: Text, line: number, column: number): number {
  const found = doc.line(Math.min(doc.lines, Math.max(1, line)));
  let at = found.from;
  let left = column - 1;
  for (const character of found.text) {
    if (left <= 0) break;
    at += character.length;
    left -= 1;
  }
  return at;
}

export function positionAt(doc: Text, at: number): Utf16Position {
  const line = doc.lineAt(at);
  return { line: line.number - 1, column: at - line.from };
}

/** A note as a popup shows it. */
export function noteElement(note: Note): HTMLElement {
  const box = document.createElement('div');
  box.className = 'cm-note';
  const add = (tag: string, className: string, text: string) => {
    const element = box.appendChild(document.createElement(tag));
    element.className = className;
    element.textContent = text;
  };
  add('div', 'cm-note-title', note.title);
  if (note.detail) add('div', 'cm-note-detail', note.detail);
  for (const text of note.text) add('p', 'cm-note-text', text);
  if (note.value !== null) add('pre', 'cm-note-value', note.value);
  if (note.declared) add('div', 'cm-note-detail', `${note.declared.file.split('/').at(-1) ?? ''}:${note.declared.line}`);
  return box;
}

/** What the backend offers, as CodeMirror lists it. */
export function options(items: Completions['items']): Completion[] {
  return items.map((item) => ({
    label: item.label,
    type: item.kind,
    ...(item.detail ? { detail: item.detail } : {}),
    ...(item.note ? { info: () => noteElement(item.note as Note) } : {}),
    apply: item.snippet ? snippet(item.insert) : item.insert,
    boost: Math.max(-99, 50 - item.rank),
  }));
}

const word = /[\p{L}\p{N}_-]/u;

export function languageFeatures(props: LanguageProps): Extension {
  const source = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const before = context.pos > 0 ? context.state.sliceDoc(context.pos - 1, context.pos) : '';
    if (!context.explicit && !word.test(before) && !/["'.{`]/.test(before)) return null;
    const answer = await props.complete(positionAt(context.state.doc, context.pos));
    if (!answer || answer.items.length === 0 || context.aborted) return null;
    const from = offsetOfPlace(context.state.doc, answer.replace.line, answer.replace.column);
    return { from, options: options(answer.items), validFor: /^[\p{L}\p{N}_.-]*$/u };
  };
  return [
    autocompletion({ override: [source], icons: true, activateOnTyping: true }),
    hoverTooltip(async (view, pos) => {
      const hover = await props.hover(positionAt(view.state.doc, pos));
      if (!hover) return null;
      const at = (line: number, column: number) => offsetOfPlace(view.state.doc, line, column);
      const { place, note } = hover;
      return { pos: at(place.line, place.column), end: at(place.end_line, place.end_column), above: true, create: () => ({ dom: noteElement(note) }) };
    }, { hoverTime: 350 }),
    signatureTip(props),
    folds,
    codeFolding(),
    foldGutter({ openText: '▾', closedText: '▸' }),
    keymap.of([
      ...completionKeymap,
      ...foldKeymap,
      { key: 'F12', run: (view) => (props.onDefinition(head(view.state)), true) },
      { key: 'Shift-F12', run: (view) => (props.onReferences(head(view.state)), true) },
      { key: 'F2', run: (view) => (props.onRename(head(view.state)), true) },
    ]),
    EditorView.domEventHandlers({
      mousedown(event, view) {
        if (!event.ctrlKey || event.button !== 0) return false;
        const at = view.posAtCoords({ x: event.clientX, y: event.clientY });
        if (at === null) return false;
        event.preventDefault();
        props.onDefinition(positionAt(view.state.doc, at));
        return true;
      },
    }),
    look,
  ];
}

function head(state: EditorState): Utf16Position {
  return positionAt(state.doc, state.selection.main.head);
}

/** The buttons of a problem. */
export function fixActions(diagnostic: Diagnostic, onFix: (fix: Fix) => void): Action[] {
  const { fix } = diagnostic;
  return fix ? [{ name: fix.title, apply: () => onFix(fix) }] : [];
}

/** What can be folded, told by the backend; moved along with the text until it is told again. */
export const setFolds = StateEffect.define<Fold[]>();
const foldRanges = StateField.define<readonly { from: number; to: number }[]>({
  create: () => [],
  update(ranges, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(setFolds)) continue;
      const { doc } = transaction.state;
      return effect.value
        .filter((fold) => fold.end_line <= doc.lines)
        .map((fold) => ({ from: doc.line(fold.line).to, to: doc.line(fold.end_line).to }));
    }
    if (!transaction.docChanged) return ranges;
    return ranges.map(({ from, to }) => ({ from: transaction.changes.mapPos(from), to: transaction.changes.mapPos(to) }));
  },
});
const folds: Extension = [
  foldRanges,
  foldService.of((state, start, end) => state.field(foldRanges).find(({ from, to }) => start <= from && from <= end && to > from) ?? null),
];

const showSignature = StateEffect.define<{ pos: number; signature: Signature } | null>();
const signatureField = StateField.define<Tooltip | null>({
  create: () => null,
  update(tip, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(showSignature)) continue;
      const shown = effect.value;
      return shown && { pos: shown.pos, above: true, create: () => ({ dom: signatureElement(shown.signature) }) };
    }
    return tip && transaction.docChanged ? { ...tip, pos: transaction.changes.mapPos(tip.pos) } : tip;
  },
  provide: (field) => showTooltip.from(field),
});

/** The signature of the call around the caret, while one types in it. */
function signatureTip(props: LanguageProps): Extension {
  let asked = 0;
  const listen = EditorView.updateListener.of((update) => {
    if (!update.docChanged && !update.selectionSet) return;
    const { state, view } = update;
    const shown = state.field(signatureField) !== null;
    const typed = update.docChanged && /[(,]/.test(state.sliceDoc(Math.max(0, state.selection.main.head - 1), state.selection.main.head));
    if (!shown && !typed) return;
    asked += 1;
    const mine = asked;
    const pos = state.selection.main.head;
    void props.signature(positionAt(state.doc, pos)).then((signature) => {
      if (mine !== asked || view.state.doc !== state.doc) return;
      if (!signature && view.state.field(signatureField) === null) return;
      view.dispatch({ effects: showSignature.of(signature && { pos, signature }) });
    });
  });
  const escape = keymap.of([
    {
      key: 'Escape',
      run: (view) => {
        if (view.state.field(signatureField) === null) return false;
        asked += 1;
        view.dispatch({ effects: showSignature.of(null) });
        return true;
      },
    },
  ]);
  return [signatureField, listen, escape];
}

function signatureElement({ label, active, parameters, help }: Signature): HTMLElement {
  const box = document.createElement('div');
  box.className = 'cm-note';
  const title = box.appendChild(document.createElement('div'));
  title.className = 'cm-note-title';
  const [from, to] = (active === null ? undefined : parameters[active]) ?? [0, 0];
  const strong = document.createElement('b');
  strong.textContent = label.slice(from, to);
  title.append(label.slice(0, from), strong, label.slice(to));
  if (help) {
    const text = box.appendChild(document.createElement('p'));
    text.className = 'cm-note-text';
    text.textContent = help;
  }
  return box;
}

/** A place as a stretch of the text. */
export function placeRange(doc: Text, place: Place): { from: number; to: number } {
  const from = offsetOfPlace(doc, place.line, place.column);
  return { from, to: Math.max(from, offsetOfPlace(doc, place.end_line, place.end_column)) };
}

const look = EditorView.theme({
  '.cm-note': { padding: '8px 10px', maxWidth: '440px', fontSize: '12px', lineHeight: '17px', color: 'var(--text)' },
  '.cm-note-title': { fontFamily: 'var(--mono)', color: 'var(--text-strong)', overflowWrap: 'anywhere' },
  '.cm-note-title b': { color: 'var(--gold-text)', textDecoration: 'underline' },
  '.cm-note-detail': { color: 'var(--text-muted)', overflowWrap: 'anywhere' },
  '.cm-note-text': { margin: '4px 0 0' },
  '.cm-note-value': {
    margin: '6px 0 0',
    padding: '4px 8px',
    maxHeight: '160px',
    overflow: 'auto',
    borderRadius: '4px',
    backgroundColor: 'var(--surface-sunken)',
    fontFamily: 'var(--mono)',
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12px', maxHeight: '260px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px', lineHeight: '18px', color: 'var(--text-strong)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--selection)', color: 'var(--text-strong)' },
  '.cm-completionDetail': { color: 'var(--text-muted)', fontStyle: 'normal', fontFamily: 'var(--font)', fontSize: '11px' },
  '.cm-completionMatchedText': { textDecoration: 'none', color: 'var(--gold-text)', fontWeight: '600' },
  '.cm-completionInfo': { padding: '0', borderRadius: '6px' },
  '.cm-completionIcon': { color: 'var(--text-muted)', opacity: '1' },
  '.cm-completionIcon-option::after': { content: "'='" },
  '.cm-completionIcon-block::after': { content: "'{}'" },
  '.cm-completionIcon-value::after': { content: "'“”'" },
  '.cm-completionIcon-variable::after, .cm-completionIcon-local::after': { content: "'x'" },
  '.cm-completionIcon-source::after, .cm-completionIcon-name::after': { content: "'·'" },
  '.cm-completionIcon-field::after': { content: "'.'" },
  '.cm-diagnosticAction': {
    marginLeft: '0',
    marginTop: '6px',
    display: 'inline-block',
    padding: '3px 8px',
    border: '1px solid var(--line-strong)',
    borderRadius: '5px',
    backgroundColor: 'var(--surface-2)',
    color: 'var(--text-strong)',
    font: 'inherit',
    cursor: 'pointer',
  },
  '.cm-foldGutter .cm-gutterElement': { cursor: 'pointer', color: 'var(--text-ghost)', padding: '0 2px' },
  '.cm-foldPlaceholder': { border: '1px solid var(--line)', backgroundColor: 'var(--surface-3)', color: 'var(--text-muted)', borderRadius: '4px', padding: '0 6px' },
});
