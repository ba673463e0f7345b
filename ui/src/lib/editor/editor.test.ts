import { Text } from "@codemirror/state";
import { presentableDiff } from "@codemirror/merge";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Code, type CodeOptions } from "./code";
import { changes, CONFIG } from "./compare";
import { Diff } from "./diff";
import { grammar, languageOf } from "./languages";
import { countLines } from "./lines";
import { diagnostics } from "./problems";

const made: { destroy(): void }[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.destroy();
});

function code(text: string, more: Partial<CodeOptions> = {}): Code {
  const options = { text, label: "a text", language: "text" as const, readonly: false, wrap: false, onchange: () => {}, ...more };
  const editor = new Code(document.body, options);
  made.push(editor);
  return editor;
}

const press = (editor: Code, key: string, keyCode: number) => {
  const event = new KeyboardEvent("keydown", { key, keyCode, bubbles: true, cancelable: true });
  editor.view.contentDOM.dispatchEvent(event);
  return event;
};

describe("editor", () => {
  it("tells what the user wrote, and not what it was given", () => {
    const onchange = vi.fn();
    const editor = code("one", { onchange });
    editor.setText("one two");
    expect(onchange).not.toHaveBeenCalled();
    editor.view.dispatch({ changes: { from: 0, insert: "zero " } });
    expect(onchange.mock.calls).toEqual([["zero one two"]]);
  });

  it.each([
    ["", "new"], ["all", ""], ["abc", "abcdef"], ["abcdef", "abc"], ["aaa", "aaaa"], ["a b c", "a x c"], ["one\r\ntwo", "one\r\n2\r\nthree"],
    ["🍋🍊", "🍊🍋"], ["abab", "ab"],
  ])("changes %j into %j", (before, after) => {
    const editor = code(before);
    editor.setText(after);
    expect(editor.view.state.doc.toString()).toBe(after.replaceAll("\r\n", "\n"));
  });

  it("keeps the cursor where the text around it stays", () => {
    const editor = code("first\nlast");
    editor.view.dispatch({ selection: { anchor: 8 } });
    editor.setText("first\nnew\nlast");
    expect(editor.view.state.selection.main.head).toBe(12);
  });

  it("indents with Tab, and leaves with Escape and then Tab", () => {
    const editor = code("x");
    expect(press(editor, "Tab", 9).defaultPrevented).toBe(true);
    expect(editor.view.state.doc.toString()).not.toBe("x");
    // Escape stays here: elsewhere in the window it would stop the work.
    expect(press(editor, "Escape", 27).defaultPrevented).toBe(true);
    expect(press(editor, "Tab", 9).defaultPrevented).toBe(false);
  });

  it("for reading only: no change by keys, and Tab just leaves", () => {
    const editor = code("x", { readonly: true });
    expect(editor.view.contentDOM.getAttribute("aria-readonly")).toBe("true");
    expect(press(editor, "Tab", 9).defaultPrevented).toBe(false);
    expect(press(editor, "Enter", 13) && editor.view.state.doc.toString()).toBe("x");
    editor.setReadonly(false);
    expect(editor.view.contentDOM.getAttribute("aria-readonly")).toBeNull();
  });

  it("goes to a line, also to one that is not there", () => {
    const editor = code("a\nbcd\ne");
    editor.reveal(2, 3);
    expect(editor.view.state.selection.main.head).toBe(4);
    editor.reveal(99, 99);
    expect(editor.view.state.selection.main.head).toBe(7);
  });

  it("saves with Ctrl+S where saving means something", () => {
    const onsave = vi.fn();
    const editor = code("x", { onsave });
    editor.view.contentDOM.dispatchEvent(new KeyboardEvent("keydown", { key: "s", ctrlKey: true, bubbles: true, cancelable: true }));
    expect(onsave).toHaveBeenCalledOnce();
  });

  it("puts problems where they are, and those outside of the text at its edge", () => {
    const text = Text.of(["first", "", "third"]);
    const found = diagnostics([{ line: 99, message: "far" }, { line: 1, column: 3, message: "near", severity: "warning" }, { line: 0, message: "zero" }, { line: 2, column: 9, message: "empty" }, { line: Number.NaN, message: "none" }], text);
    expect(found.map((one) => [one.message, one.from, one.to, one.severity])).toEqual([
      ["zero", 0, 5, "error"], ["none", 0, 5, "error"], ["near", 2, 5, "warning"], ["empty", 6, 6, "error"], ["far", 7, 12, "error"],
    ]);
  });

  it("knows the language of a file by its name and loads every grammar", async () => {
    const names = ["a.py", "B.HTML", "x.css", "x.js", "d.json", "l.md", "notes", "a.b/c", "x.unknown", ".py"];
    expect(names.map(languageOf)).toEqual(["python", "html", "css", "javascript", "json", "markdown", "text", "text", "text", "python"]);
    for (const language of ["python", "html", "css", "javascript", "json", "markdown", "text"] as const) expect(await grammar(language)).toBeTruthy();
  });
});

describe("differences", () => {
  const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`).join("\n");

  it("counts lines as they are marked", () => {
    expect(countLines("a\nb\nc", "a\nB\nc\nd")).toEqual({ added: 2, removed: 1 });
    expect(countLines("", "a\nb")).toEqual({ added: 2, removed: 0 });
    expect(countLines("a\nb", "")).toEqual({ added: 0, removed: 2 });
    expect(countLines("same\r\nend", "same\nend")).toEqual({ added: 0, removed: 0 });
  });

  it("gives up on lines where almost nothing is the same, in reasonable time", () => {
    const other = Array.from({ length: 20_000 }, (_, index) => `other ${index}`).join("\n");
    expect(countLines(numbered(20_000), other)).toEqual({ added: 20_000, removed: 20_000 });
  });

  it("is exact in long texts with many changes", () => {
    const before = numbered(10_000);
    const after = before.replace(/line (\d*00)\n/g, "changed $1\n");
    const found = countLines(before, after);
    expect(found).toEqual({ added: 99, removed: 99 });
  });

  it("describes changes that turn one text into the other", () => {
    const pairs = [["", ""], ["", "x"], ["x", ""], ["a\nb\n", "b\n"], ["", "\n"], ["\n", ""], ["a", "a\nb"], ["a\nb", "a"], ["a\nb", "b"], ["x\n\n", "\nx"], ["the quick fox\nran", "the slow fox\nwalked\n"], ["x".repeat(500), "y".repeat(300)], ["a\n".repeat(50), "b\na\n".repeat(30)]];
    for (const [before = "", after = ""] of pairs) {
      for (const found of [changes(before, after), presentableDiff(before, after, CONFIG)]) {
        let made = "";
        let at = 0;
        for (const change of found) {
          made += before.slice(at, change.fromA) + after.slice(change.fromB, change.toB);
          at = change.toA;
        }
        expect(made + before.slice(at)).toBe(after);
      }
    }
  });

  it("marks single words", () => {
    const [change, ...more] = presentableDiff("I like the old tree there", "I like the new tree there", CONFIG);
    expect(more).toEqual([]);
    expect("I like the old tree there".slice(change!.fromA, change!.toA)).toBe("old");
  });

  it("draws one column, or two where one would be too much", async () => {
    const options = { label: "x", language: "text" as const, sideBySide: false, collapse: true };
    const small = await Diff.make(document.body, { ...options, before: "a", after: "b" });
    const large = await Diff.make(document.body, { ...options, before: numbered(1600), after: "z" });
    made.push(small, large);
    expect([small.sideBySide, large.sideBySide]).toEqual([false, true]);
    expect(document.querySelectorAll(".cm-editor")).toHaveLength(3);
  });
});
