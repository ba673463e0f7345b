// The code editor itself (CodeMirror), in a chunk of its own: the window's first frame does not wait for it.
// Deliberately without completion: what a small model's artifacts need is reading and small corrections.
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Annotation, Compartment, EditorState, Prec, type Extension } from "@codemirror/state";
import {
  drawSelection, dropCursor, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers,
} from "@codemirror/view";
import { grammar, type EditorLanguage } from "./languages";
import { diagnostics, type Problem } from "./problems";
import { theme } from "./theme";

export interface CodeOptions {
  text: string;
  label: string;
  language: EditorLanguage;
  readonly: boolean;
  wrap: boolean;
  testid?: string | undefined;
  onchange: (text: string) => void;
  onsave?: (() => void) | undefined;
}

/** Long enough to find the Tab key after Escape. */
const LEAVE_MS = 10_000;
const fromOutside = Annotation.define<boolean>();

/** Escape hands the next Tab back to the page, and stays in the editor: elsewhere it would stop the work. */
const leaving = Prec.lowest(
  keymap.of([
    {
      key: "Escape",
      run: (view) => {
        view.setTabFocusMode(LEAVE_MS);
        return true;
      },
    },
  ]),
);

const always: Extension = [
  lineNumbers(), highlightActiveLineGutter(), highlightSpecialChars(), foldGutter(), drawSelection(), dropCursor(), highlightActiveLine(),
  bracketMatching(), highlightSelectionMatches(), search({ top: true }), lintGutter(), EditorState.tabSize.of(4), theme,
  keymap.of([...searchKeymap, ...foldKeymap, ...lintKeymap]), leaving,
];

const writing: Extension = [
  history(), indentOnInput(), closeBrackets(), EditorState.allowMultipleSelections.of(true),
  keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
];

const reading: Extension = [EditorState.readOnly.of(true), EditorView.contentAttributes.of({ "aria-readonly": "true" }), keymap.of(defaultKeymap)];

/** The editor counts every line's end as one character; so must we. */
const lines = (text: string): string => (text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text);

export class Code {
  readonly view: EditorView;
  #text: string;
  #language = new Compartment();
  #mode = new Compartment();
  #wrap = new Compartment();
  #wanted: EditorLanguage | null = null;

  constructor(parent: HTMLElement, options: CodeOptions) {
    this.#text = lines(options.text);
    const save = options.onsave;
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: this.#text,
        extensions: [
          this.#mode.of(options.readonly ? reading : writing),
          this.#wrap.of(options.wrap ? EditorView.lineWrapping : []),
          this.#language.of([]),
          always,
          save ? keymap.of([{ key: "Mod-s", preventDefault: true, run: () => (save(), true) }]) : [],
          EditorView.contentAttributes.of({ tabindex: "0", "aria-label": options.label, ...(options.testid && { "data-testid": options.testid }) }),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged || update.transactions.some((one) => one.annotation(fromOutside))) return;
            this.#text = update.state.doc.toString();
            options.onchange(this.#text);
          }),
        ],
      }),
    });
    void this.setLanguage(options.language);
  }

  /** Only what differs is replaced, so that the cursor, the scroll position and folds stay where they can. */
  setText(wanted: string): void {
    const before = this.#text;
    const text = lines(wanted);
    if (text === before) return;
    this.#text = text;
    const most = Math.min(before.length, text.length);
    let from = before.length === most && text.startsWith(before) ? most : 0;
    while (from < most && before.charCodeAt(from) === text.charCodeAt(from)) from++;
    let end = 0;
    while (end < most - from && before.charCodeAt(before.length - 1 - end) === text.charCodeAt(text.length - 1 - end)) end++;
    this.view.dispatch({
      changes: { from, to: before.length - end, insert: text.slice(from, text.length - end) },
      annotations: fromOutside.of(true),
    });
  }

  async setLanguage(language: EditorLanguage): Promise<void> {
    if (this.#wanted === language) return;
    this.#wanted = language;
    const extension = await grammar(language);
    if (this.#wanted === language) this.view.dispatch({ effects: this.#language.reconfigure(extension) });
  }

  setReadonly(readonly: boolean): void {
    this.view.dispatch({ effects: this.#mode.reconfigure(readonly ? reading : writing) });
  }

  setWrap(wrap: boolean): void {
    this.view.dispatch({ effects: this.#wrap.reconfigure(wrap ? EditorView.lineWrapping : []) });
  }

  setProblems(problems: readonly Problem[]): void {
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics(problems, this.view.state.doc)));
  }

  /** Puts the cursor there and shows it. */
  reveal(line: number, column = 1): void {
    const { doc } = this.view.state;
    const found = doc.line(Math.min(Math.max(1, line), doc.lines));
    const at = Math.min(found.from + Math.max(0, column - 1), found.to);
    this.view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
    this.view.focus();
  }

  destroy(): void {
    this.#wanted = null;
    this.view.destroy();
  }
}
