// How the editor looks: everything comes from the design tokens, so one theme serves light and dark.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

const focus = { outline: "2px solid var(--focus)", outlineOffset: "1px" };

/** WebKit does not read these as one property. */
const wave = { textDecorationLine: "underline", textDecorationStyle: "wavy", textDecorationThickness: "1px", textUnderlineOffset: "0.25em" };

const look = EditorView.theme({
  "&": { backgroundColor: "var(--surface-code)", color: "var(--text)", fontSize: "0.84rem", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-code)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", paddingBlock: "var(--space-3)" },
  ".cm-line": { unicodeBidi: "plaintext", paddingInline: "var(--space-3) var(--space-4)" },
  ".cm-gutters": { backgroundColor: "var(--surface-code)", border: "0", color: "var(--text-muted)" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "2.6em", paddingInline: "0.6em 0.4em" },
  ".cm-foldGutter .cm-gutterElement": { cursor: "pointer", paddingInline: "0.1em 0.3em" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent-soft) 45%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--text)", fontWeight: "600" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--text)", borderLeftWidth: "2px" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 42%, transparent)",
  },
  ".cm-selectionMatch": { backgroundColor: "color-mix(in srgb, var(--hit) 45%, transparent)" },
  ".cm-searchMatch": { backgroundColor: "var(--hit)", borderRadius: "2px", color: "var(--text)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--accent)", color: "var(--on-accent)", outline: "2px solid var(--peel)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--leaf-soft)", outline: "1px solid var(--leaf)" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--danger-soft)", outline: "1px solid var(--danger)" },
  ".cm-foldPlaceholder": {
    backgroundColor: "var(--surface-hover)", border: "1px solid var(--border)", color: "var(--text-muted)", padding: "0 0.4em",
  },
  ".cm-specialChar": { color: "var(--danger)" },
  ".cm-placeholder": { color: "var(--text-muted)" },

  ".cm-panels": { backgroundColor: "var(--surface-raised)", color: "var(--text)", fontFamily: "var(--font)", zIndex: "5" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--border)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--border)" },
  ".cm-panel.cm-search": {
    alignItems: "center", display: "flex", flexWrap: "wrap", fontSize: "var(--text-s)", gap: "0.35rem 0.5rem",
    padding: "0.5rem 2.4rem 0.5rem 0.75rem",
  },
  ".cm-panel.cm-search br": { flexBasis: "100%", content: "''" },
  ".cm-panel.cm-search label": { alignItems: "center", display: "inline-flex", fontSize: "var(--text-s)", gap: "0.3rem" },
  ".cm-panel.cm-search input, .cm-panel.cm-search button, .cm-panel.cm-search label": { margin: "0" },
  ".cm-panel.cm-search [name=close]": {
    borderRadius: "var(--radius-s)", color: "var(--text-muted)", fontSize: "1.2rem", height: "1.75rem", inset: "0.4rem 0.4rem auto auto",
    padding: "0", width: "1.75rem",
  },
  ".cm-textfield": {
    backgroundColor: "var(--surface)", border: "1px solid var(--border-strong)", borderRadius: "var(--radius-s)", fontSize: "var(--text-s)",
    padding: "0.25rem 0.5rem",
  },
  ".cm-button": {
    background: "var(--surface-raised)", border: "1px solid var(--border-strong)", borderRadius: "var(--radius-full)",
    fontSize: "var(--text-s)", padding: "0.2rem 0.75rem", textTransform: "none",
  },
  ".cm-button:hover": { background: "var(--surface-hover)" },
  ".cm-button:active": { background: "var(--surface-hover)" },
  ".cm-button:focus-visible, .cm-textfield:focus-visible, .cm-panel input:focus-visible, .cm-panel button:focus-visible": focus,
  ".cm-panel.cm-panel-lint ul [aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--text)" },

  ".cm-tooltip": {
    backgroundColor: "var(--surface-raised)", border: "1px solid var(--border)", borderRadius: "var(--radius-m)",
    boxShadow: "var(--shadow-m)", color: "var(--text)", fontFamily: "var(--font)", fontSize: "var(--text-s)", maxWidth: "28rem",
  },
  ".cm-diagnostic": { padding: "0.4rem 0.75rem", whiteSpace: "pre-wrap" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--danger)" },
  ".cm-diagnostic-warning": { borderLeft: "4px solid var(--warn)" },
  ".cm-lintRange-error": { backgroundImage: "none", ...wave, textDecorationColor: "var(--danger)" },
  ".cm-lintRange-warning": { backgroundImage: "none", ...wave, textDecorationColor: "var(--warn)" },
  ".cm-gutter-lint": { width: "1.3em" },
  // Drawn signs instead of the library's data: pictures.
  ".cm-lint-marker": { content: "none", display: "grid", height: "1.35em", placeItems: "center", width: "1.1em" },
  ".cm-lint-marker::after": { fontFamily: "var(--font)", fontSize: "0.7rem", fontWeight: "800", lineHeight: "1" },
  ".cm-lint-marker-error": { backgroundColor: "var(--danger)", borderRadius: "50%", color: "var(--surface-raised)", height: "1.1em" },
  ".cm-lint-marker-error::after": { content: "'!'" },
  ".cm-lint-marker-warning": { content: "none", color: "var(--warn)" },
  ".cm-lint-marker-warning::after": { content: "'▲'" },
});

const colours = HighlightStyle.define([
  { tag: [t.keyword, t.operatorKeyword, t.modifier, t.tagName, t.typeName, t.processingInstruction], color: "var(--code-keyword)" },
  { tag: [t.string, t.regexp, t.special(t.string), t.inserted], color: "var(--code-string)" },
  { tag: [t.number, t.bool, t.null, t.atom, t.color, t.unit], color: "var(--code-number)" },
  {
    tag: [t.function(t.variableName), t.function(t.definition(t.variableName)), t.definition(t.propertyName), t.propertyName, t.className, t.attributeName],
    color: "var(--code-title)",
  },
  { tag: [t.comment, t.quote, t.documentMeta], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: t.heading, color: "var(--code-title)", fontWeight: "700" },
  { tag: t.strong, fontWeight: "700" },
  { tag: t.emphasis, fontStyle: "italic" },
  { tag: [t.link, t.url], color: "var(--leaf)", textDecoration: "underline" },
  { tag: t.invalid, color: "var(--danger)" },
]);

export const theme: Extension = [look, syntaxHighlighting(colours)];

/** For letters and reasoning: the reading font, without a code look. */
export const prose: Extension = EditorView.theme({
  ".cm-scroller": { fontFamily: "var(--font)", fontSize: "var(--text-m)" },
});
