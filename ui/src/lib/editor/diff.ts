// Two versions of a text, in one column or side by side. For reading only; loaded when first needed.
import { defaultKeymap } from "@codemirror/commands";
import { Chunk, goToNextChunk, goToPreviousChunk, MergeView, unifiedMergeView } from "@codemirror/merge";
import { search, searchKeymap } from "@codemirror/search";
import { EditorState, Text, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { CONFIG } from "./compare";
import { grammar, type EditorLanguage } from "./languages";
import { countLines, type DiffCounts } from "./lines";
import { prose, theme } from "./theme";

export interface DiffOptions {
  before: string;
  after: string;
  label: string;
  language: EditorLanguage;
  sideBySide: boolean;
  /** Hide long stretches that are the same. */
  collapse: boolean;
}

/** A removed piece of more lines than this is too slow to draw in one column. */
const MOST_IN_ONE_COLUMN = 1500;
const COLLAPSE = { margin: 3, minSize: 6 };

const look = EditorView.theme({
  ".cm-changeGutter": { paddingInline: "0", width: "1.4em" },
  ".cm-changeGutter .cm-gutterElement": { fontWeight: "700", textAlign: "center" },
  "&.cm-merge-b .cm-changedLineGutter": { background: "var(--added)", color: "var(--leaf)" },
  "&.cm-merge-b .cm-changedLineGutter::before": { content: "'+'" },
  "&.cm-merge-a .cm-changedLineGutter, & .cm-deletedLineGutter": { background: "var(--removed)", color: "var(--danger)" },
  "&.cm-merge-a .cm-changedLineGutter::before, & .cm-deletedLineGutter::before": { content: "'−'" },
  "&.cm-merge-b .cm-changedLine": { backgroundColor: "var(--added)" },
  "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": { backgroundColor: "var(--removed)" },
  ".cm-deletedChunk": { paddingInline: "0" },
  ".cm-deletedChunk .cm-deletedLine": { paddingInline: "var(--space-3) var(--space-4)" },
  "&.cm-merge-b .cm-changedText, &.cm-merge-b ins .cm-changedText": {
    background: "var(--added-strong)", borderRadius: "2px", textDecoration: "underline", textDecorationColor: "var(--leaf)",
  },
  "&.cm-merge-a .cm-changedText, & .cm-deletedChunk .cm-deletedText": {
    background: "var(--removed-strong)", borderRadius: "2px", textDecoration: "line-through", textDecorationColor: "var(--danger)",
  },
  "& .cm-collapsedLines": {
    background: "var(--surface-hover)", color: "var(--text-muted)", fontFamily: "var(--font)", fontSize: "var(--text-xs)", padding: "0.3rem 1rem",
  },
  ".cm-collapsedLines:before, .cm-collapsedLines:after": { content: "'⋯'" },
});

async function extensions(options: DiffOptions, label: string): Promise<Extension> {
  const letters = options.language === "text" || options.language === "markdown";
  return [
    letters ? prose : lineNumbers(), highlightSpecialChars(), drawSelection(), search({ top: true }), EditorView.lineWrapping,
    EditorState.readOnly.of(true), EditorState.tabSize.of(4), keymap.of([...searchKeymap, ...defaultKeymap]),
    EditorView.contentAttributes.of({ tabindex: "0", "aria-label": label, "aria-readonly": "true" }), await grammar(options.language), theme, look,
  ];
}

export class Diff {
  private constructor(
    readonly counts: DiffCounts,
    /** As it is drawn: also where one column was asked for, if that would be too slow. */
    readonly sideBySide: boolean,
    private main: EditorView,
    private whole: { destroy(): void },
  ) {}

  static async make(parent: HTMLElement, options: DiffOptions): Promise<Diff> {
    const collapse = options.collapse ? { collapseUnchanged: COLLAPSE } : {};
    const [before, after] = [text(options.before), text(options.after)];
    const chunks = Chunk.build(before, after, CONFIG);
    const counts = countLines(options.before, options.after);
    if (options.sideBySide || chunks.some((chunk) => removedLines(before, chunk) > MOST_IN_ONE_COLUMN)) {
      const [left, right] = await Promise.all([
        extensions(options, `${options.label}, before`),
        extensions(options, `${options.label}, after`),
      ]);
      const merge = new MergeView({
        parent, a: { doc: before, extensions: left }, b: { doc: after, extensions: right }, diffConfig: CONFIG, ...collapse,
      });
      return new Diff(counts, true, merge.b, merge);
    }
    const state = EditorState.create({
      doc: after,
      extensions: [
        await extensions(options, options.label),
        unifiedMergeView({ original: before, mergeControls: false, diffConfig: CONFIG, ...collapse }),
      ],
    });
    const view = new EditorView({ parent, state });
    return new Diff(counts, false, view, view);
  }

  next(): void {
    goToNextChunk(this.main);
    this.main.focus();
  }

  previous(): void {
    goToPreviousChunk(this.main);
    this.main.focus();
  }

  destroy(): void {
    this.whole.destroy();
  }
}

const text = (content: string): Text => Text.of(content.split(/\r\n?|\n/));

function removedLines(before: Text, chunk: Chunk): number {
  return before.lineAt(chunk.endA).number - before.lineAt(chunk.fromA).number + 1;
}
