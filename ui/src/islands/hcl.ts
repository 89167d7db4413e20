// The text of a template as an island: CodeMirror 6 without a history of its own. Undo is the backend's.
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, indentWithTab } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics, type Diagnostic as Mark } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Annotation, ChangeSet, EditorState, StateEffect, StateField } from '@codemirror/state';
import {
  crosshairCursor,
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  type DecorationSet,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { hcl } from 'codemirror-lang-hcl';
import type { Diagnostic, Fold, Utf16Position } from '../api';
import { fixActions, languageFeatures, offsetOfPlace, positionAt, setFolds, type LanguageProps } from './language';
import type { Span } from '../lib/patches';

export interface Replacement {
  from: Utf16Position;
  to: Utf16Position;
  text: string;
}

export interface TextProps {
  file: string;
  text: string;
  label: string;
  /** Typed text, as one replacement against what was last sent. */
  onType: (file: string, replacement: Replacement, text: string) => Promise<void>;
  /** The caret moved to a line (from 1) by the user's own doing. */
  onCaret: (file: string, line: number) => void;
  onUndo: () => void;
  onRedo: () => void;
  language: LanguageProps;
}

export interface TextIsland {
  open(file: string, text: string): void;
  patch(replacements: Replacement[], highlight: boolean): void;
  diagnose(diagnostics: Diagnostic[]): void;
  fold(folds: Fold[]): void;
  select(span: Span | null): void;
  reveal(span: Span, focus: boolean): void;
  flush(): Promise<void>;
  text(): string;
  destroy(): void;
}

const fromBackend = Annotation.define<boolean>();
const changedMark = Decoration.mark({ class: 'cm-changed' });
const changedLine = Decoration.line({ class: 'cm-changed-line' });
const blockLine = Decoration.line({ class: 'cm-block-line' });
const showChanges = StateEffect.define<{ from: number; to: number }[]>();
const showBlock = StateEffect.define<{ from: number; to: number } | null>();

/** What the last change from the form touched, until the next one. */
const changes = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    marks = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(showChanges)) continue;
      const ranges = effect.value.flatMap(({ from, to }) => {
        const line = changedLine.range(transaction.state.doc.lineAt(from).from);
        return to > from ? [line, changedMark.range(from, to)] : [line];
      });
      marks = Decoration.set(ranges, true);
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** The lines of the selected block. */
const block = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    marks = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(showBlock)) continue;
      if (!effect.value) marks = Decoration.none;
      else {
        const { doc } = transaction.state;
        const lines = [];
        for (let n = doc.lineAt(effect.value.from).number; n <= doc.lineAt(effect.value.to).number; n += 1) {
          lines.push(blockLine.range(doc.line(n).from));
        }
        marks = Decoration.set(lines);
      }
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const colours = HighlightStyle.define([
  { tag: [tags.comment, tags.lineComment, tags.blockComment], color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--code-number)' },
  { tag: [tags.keyword, tags.typeName, tags.tagName, tags.definitionKeyword, tags.className], color: 'var(--code-block)' },
  { tag: [tags.propertyName, tags.attributeName, tags.definition(tags.variableName)], color: 'var(--code-key)' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'var(--code-block)' },
  { tag: [tags.punctuation, tags.bracket, tags.operator], color: 'var(--text-muted)' },
]);

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '12.5px', color: 'var(--text-strong)', backgroundColor: 'transparent' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px', overflow: 'auto' },
  '.cm-content': { padding: '8px 0 40px', caretColor: 'var(--text-strong)' },
  '.cm-line': { padding: '0 16px 0 8px' },
  '.cm-gutters': { backgroundColor: 'transparent', border: 'none', color: 'var(--text-ghost)' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 6px 0 12px', minWidth: '34px' },
  '.cm-gutter-lint': { width: '14px' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in oklab, var(--surface-3) 55%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--text-strong)' },
  '.cm-block-line': { backgroundColor: 'color-mix(in oklab, var(--surface-3) 45%, transparent)' },
  '.cm-changed-line': { backgroundColor: 'var(--gold-wash)', boxShadow: 'inset 2px 0 0 var(--gold)' },
  '.cm-changed': { backgroundColor: 'color-mix(in oklab, var(--gold) 16%, transparent)', borderRadius: '2px' },
  '.cm-cursor': { borderLeftColor: 'var(--text-strong)', borderLeftWidth: '2px' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground, .cm-content ::selection': {
    backgroundColor: 'var(--selection) !important',
  },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
    backgroundColor: 'var(--surface-3)',
    outline: '1px solid var(--line-strong)',
  },
  '.cm-selectionMatch': { backgroundColor: 'color-mix(in oklab, var(--selection) 50%, transparent)' },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    borderRadius: '6px',
    backgroundColor: 'var(--surface-float)',
    boxShadow: 'var(--shadow-float)',
    fontFamily: 'var(--font)',
    maxWidth: '460px',
  },
  '.cm-diagnostic': { padding: '6px 10px', borderLeftWidth: '3px', whiteSpace: 'pre-wrap' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--error)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--warning)' },
  '.cm-diagnostic-info': { borderLeftColor: 'var(--info)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--error) 1px', textUnderlineOffset: '3px' },
  '.cm-lintRange-warning': { backgroundImage: 'none', textDecoration: 'underline wavy var(--warning) 1px', textUnderlineOffset: '3px' },
  '.cm-lintRange-info': { backgroundImage: 'none', textDecoration: 'underline dotted var(--info) 1px', textUnderlineOffset: '3px' },
  '.cm-lint-marker': { width: '8px', height: '8px', content: '""', borderRadius: '50%', margin: '6px 3px' },
  '.cm-lint-marker-error': { content: '""', backgroundColor: 'var(--error)' },
  '.cm-lint-marker-warning': { content: '""', backgroundColor: 'var(--warning)', borderRadius: '1px' },
  '.cm-lint-marker-info': { content: '""', backgroundColor: 'var(--info)' },
  '.cm-panels': { backgroundColor: 'var(--surface-0)', color: 'var(--text)', borderColor: 'var(--line)' },
  '.cm-panel.cm-search': { padding: '6px 8px', fontFamily: 'var(--font)', fontSize: '12px' },
  '.cm-textfield': {
    border: '1px solid var(--line-strong)',
    borderRadius: '5px',
    backgroundColor: 'var(--surface-2)',
    padding: '3px 6px',
  },
  '.cm-button': {
    backgroundImage: 'none',
    border: '1px solid var(--line-strong)',
    borderRadius: '5px',
    backgroundColor: 'var(--surface-2)',
    padding: '2px 8px',
  },
});

const pause = 150;

export function mountText(element: HTMLElement, props: TextProps): TextIsland {
  let file = props.file;
  /** Typed and not sent yet, and the text it was typed into. */
  let pending: ChangeSet | null = null;
  let before = EditorState.create().doc;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending: Promise<void> = Promise.resolve();

  function send(): Promise<void> {
    clearTimeout(timer);
    const set = pending;
    if (!set) return sending;
    pending = null;
    let from = Infinity;
    let to = -1;
    let newFrom = Infinity;
    let newTo = -1;
    set.iterChangedRanges((fromA, toA, fromB, toB) => {
      from = Math.min(from, fromA);
      to = Math.max(to, toA);
      newFrom = Math.min(newFrom, fromB);
      newTo = Math.max(newTo, toB);
    });
    if (to < 0) return sending;
    const doc = view.state.doc;
    const replacement = {
      from: positionAt(before, from),
      to: positionAt(before, to),
      text: doc.sliceString(newFrom, newTo),
    };
    const sent = props.onType(file, replacement, doc.toString());
    sending = Promise.all([sending, sent]).then(() => undefined);
    return sending;
  }

  const extensions = (name: string) => [
    lineNumbers(),
    lintGutter(),
    highlightActiveLineGutter(),
    highlightActiveLine(),
    drawSelection(),
    crosshairCursor(),
    languageFeatures(props.language),
    EditorState.allowMultipleSelections.of(true),
    indentUnit.of('  '),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightSelectionMatches(),
    search({ top: true }),
    name.endsWith('.json') ? json() : hcl(),
    syntaxHighlighting(colours),
    changes,
    block,
    look,
    EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': props.label, spellcheck: 'false', 'data-testid': 'template-text' }),
    keymap.of([
      { key: 'Mod-z', run: () => (props.onUndo(), true), preventDefault: true },
      { key: 'Mod-Shift-z', run: () => (props.onRedo(), true), preventDefault: true },
      { key: 'Mod-y', run: () => (props.onRedo(), true), preventDefault: true },
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...searchKeymap,
      indentWithTab,
    ]),
    EditorView.updateListener.of((update) => {
      const own = update.transactions.some((transaction) => transaction.docChanged && !transaction.annotation(fromBackend));
      if (own) {
        if (!pending) before = update.startState.doc;
        pending = pending ? pending.compose(update.changes) : update.changes;
        clearTimeout(timer);
        timer = setTimeout(() => void send(), pause);
      }
      if (update.selectionSet && update.transactions.some((transaction) => transaction.isUserEvent('select'))) {
        props.onCaret(file, update.state.doc.lineAt(update.state.selection.main.head).number);
      }
    }),
  ];

  const view = new EditorView({
    state: EditorState.create({ doc: props.text, extensions: extensions(file) }),
    parent: element,
  });

  function offset(at: Utf16Position): number {
    const doc = view.state.doc;
    const line = doc.line(Math.min(doc.lines, Math.max(1, at.line + 1)));
    return Math.min(line.to, line.from + at.column);
  }
  function range(span: Span): { from: number; to: number } {
    const from = offsetOfPlace(view.state.doc, span.line, span.column);
    return { from, to: Math.max(from, offsetOfPlace(view.state.doc, span.end_line, span.end_column)) };
  }

  function scrolled(): { top: number; height: number } {
    return { top: view.scrollDOM.scrollTop, height: view.scrollDOM.clientHeight };
  }

  return {
    open(name, text) {
      pending = null;
      file = name;
      view.setState(EditorState.create({ doc: text, extensions: extensions(name) }));
    },
    patch(replacements, highlight) {
      // All of them speak of the text before the change.
      const set = ChangeSet.of(
        replacements.map(({ from, to, text }) => ({ from: offset(from), to: offset(to), insert: text.replace(/\r\n?/g, '\n') })),
        view.state.doc.length,
      );
      view.dispatch({ changes: set, annotations: fromBackend.of(true) });
      const touched: { from: number; to: number }[] = [];
      set.iterChangedRanges((_fromA, _toA, from, to) => touched.push({ from, to }));
      if (!highlight || touched.length === 0) return;
      const length = view.state.doc.length;
      const marks = touched.map(({ from, to }) => trim(view.state.doc, Math.min(from, length), Math.min(to, length)));
      const first = marks[0];
      view.dispatch({
        effects: [
          showChanges.of(marks.sort((a, b) => a.from - b.from)),
          ...(first ? [EditorView.scrollIntoView(first.from, { y: 'nearest', yMargin: 60 })] : []),
        ],
      });
    },
    diagnose(diagnostics) {
      const marks: Mark[] = diagnostics.flatMap((one) => {
        if (!one.place || one.place.file !== file) return [];
        const { from, to } = range(one.place);
        return [{ from, to, severity: one.severity, message: one.help ? `${one.message}\n${one.help}` : one.message, actions: fixActions(one, props.language.onFix) }];
      });
      view.dispatch(setDiagnostics(view.state, marks));
    },
    fold(folds) {
      view.dispatch({ effects: setFolds.of(folds) });
    },
    select(span) {
      view.dispatch({ effects: showBlock.of(span ? range(span) : null) });
    },
    reveal(span, focus) {
      const { from, to } = range(span);
      // What is wholly in sight stays where it is; anything else comes to the top.
      const { top, height } = scrolled();
      const [first, last] = [view.lineBlockAt(from).top, view.lineBlockAt(to).bottom];
      const seen = first >= top && last <= top + height;
      view.dispatch({
        ...(focus ? { selection: { anchor: from } } : {}),
        effects: seen ? [] : EditorView.scrollIntoView(from, { y: 'start', yMargin: 28 }),
      });
      if (focus) view.focus();
    },
    flush: send,
    text: () => view.state.doc.toString(),
    destroy() {
      void send();
      view.destroy();
    },
  };
}

/** A range without the blank space at its ends, so that a highlight marks what was written. */
function trim(doc: EditorState['doc'], from: number, to: number): { from: number; to: number } {
  const text = doc.sliceString(from, to);
  const start = text.length - text.trimStart().length;
  const end = text.trimEnd().length;
  return end > start ? { from: from + start, to: from + end } : { from, to: from };
}
