// Two versions of a text, in one column or side by side. For reading only; loaded when first needed.
import { defaultKeymap } from "@codemirror/commands";
import { Chunk, getChunks, goToNextChunk, goToPreviousChunk, MergeView, unifiedMergeView, type DiffConfig } from "@codemirror/merge";
import { search, searchKeymap } from "@codemirror/search";
import { EditorState, Text, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { grammar, type EditorLanguage } from "./languages";
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

export interface DiffCounts {
  added: number;
  removed: number;
  places: number;
}

/** Very different long texts are compared coarsely rather than for seconds. */
const CONFIG: DiffConfig = { scanLimit: 1000, timeout: 150 };
const COLLAPSE = { margin: 3, minSize: 6 };

const look = EditorView.theme({
  ".cm-changeGutter": { paddingInline: "0", width: "1.4em" },
  ".cm-changeGutter .cm-gutterElement": { fontWeight: "700", textAlign: "center" },
  "&.cm-merge-b .cm-changedLineGutter": { background: "var(--added)", color: "var(--leaf)" },
  "&.cm-merge-b .cm-changedLineGutter::before": { content: "'+'" },
  "&.cm-merge-a .cm-changedLineGutter, & .cm-deletedLineGutter": { background: "var(--removed)", color: "var(--danger)" },
  "&.cm-merge-a .cm-changedLineGutter::before, & .cm-deletedLineGutter::before": { content: "'−'" },
  "&.cm-merge-b .cm-changedLine, &.cm-merge-b .cm-insertedLine": { backgroundColor: "var(--added)" },
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
});

async function extensions(options: DiffOptions, label: string): Promise<Extension> {
  const letters = options.language === "text" || options.language === "markdown";
  return [
    letters ? prose : lineNumbers(), highlightSpecialChars(), drawSelection(), search({ top: true }), EditorView.lineWrapping,
    EditorState.readOnly.of(true), EditorState.tabSize.of(4), keymap.of([...searchKeymap, ...defaultKeymap]),
    EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true" }), await grammar(options.language), theme, look,
  ];
}

export class Diff {
  private constructor(
    readonly counts: DiffCounts,
    private main: EditorView,
    private whole: { destroy(): void },
  ) {}

  static async make(parent: HTMLElement, options: DiffOptions): Promise<Diff> {
    const collapse = options.collapse ? { collapseUnchanged: COLLAPSE } : {};
    if (options.sideBySide) {
      const [left, right] = await Promise.all([
        extensions(options, `${options.label}, before`),
        extensions(options, `${options.label}, after`),
      ]);
      const merge = new MergeView({
        parent, a: { doc: options.before, extensions: left }, b: { doc: options.after, extensions: right },
        diffConfig: CONFIG, ...collapse,
      });
      return new Diff(counted(merge.chunks, merge.a.state.doc, merge.b.state.doc), merge.b, merge);
    }
    const before = Text.of(options.before.split(/\r\n?|\n/));
    const state = EditorState.create({
      doc: options.after,
      extensions: [
        await extensions(options, options.label),
        unifiedMergeView({ original: before, mergeControls: false, diffConfig: CONFIG, ...collapse }),
      ],
    });
    const view = new EditorView({ parent, state });
    return new Diff(counted(getChunks(state)?.chunks ?? [], before, state.doc), view, view);
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

/** In lines, as they are marked on the screen. */
export function counted(chunks: readonly Chunk[], before: Text, after: Text): DiffCounts {
  let added = 0;
  let removed = 0;
  for (const chunk of chunks) {
    removed += lines(before, chunk.fromA, chunk.toA, chunk.endA);
    added += lines(after, chunk.fromB, chunk.toB, chunk.endB);
  }
  return { added, removed, places: chunks.length };
}

function lines(text: Text, from: number, to: number, end: number): number {
  // An empty text is one empty line, which nobody wrote.
  if (from >= to || text.length === 0) return 0;
  return text.lineAt(end).number - text.lineAt(from).number + 1;
}

export function countLines(before: string, after: string): DiffCounts {
  const [a, b] = [before, after].map((text) => Text.of(text.split(/\r\n?|\n/))) as [Text, Text];
  return counted(Chunk.build(a, b, CONFIG), a, b);
}
