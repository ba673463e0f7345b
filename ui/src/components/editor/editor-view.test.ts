import { flushSync } from "svelte";
import { describe, expect, it, vi } from "vitest";
import { find, PATIENCE, see, show } from "../../lib/test-mount";
import CodeEditor from "./CodeEditor.svelte";
import DiffView from "./DiffView.svelte";

describe("code editor", () => {
  it("shows the text at once and the editor when it is loaded, at the line that was asked for", async () => {
    const editor = show(CodeEditor, { value: "one\ntwo\nthree", label: "a.py", language: "python", testid: "code" });
    expect(document.querySelector("pre")!.textContent).toBe("one\ntwo\nthree");
    editor.reveal(2);
    const content = await see("code");
    expect(content.getAttribute("aria-label")).toBe("a.py");
    expect(document.querySelector("pre")).toBeNull();
    await vi.waitFor(() => expect(document.activeElement).toBe(content), PATIENCE);
  });

  it("marks problems in the margin", async () => {
    show(CodeEditor, { value: "one\ntwo", label: "a", problems: [{ line: 2, message: "wrong" }], testid: "code" });
    await see("code");
    await vi.waitFor(() => {
      flushSync();
      expect(document.querySelectorAll(".cm-lint-marker-error")).toHaveLength(1);
    }, PATIENCE);
  });
});

describe("differences", () => {
  it("says when nothing changed, without loading anything", () => {
    show(DiffView, { before: "x", after: "x", label: "a" });
    show(DiffView, { before: "", after: "", label: "b", testid: "both" });
    expect(find("diff-same")!.textContent).toContain("No change.");
    expect(find("both")!.textContent).toContain("Both versions are empty.");
    expect(document.querySelector(".cm-editor")).toBeNull();
  });

  it.each([
    ["", "a\nb", "2 lines added, 0 lines removed", "All of it is new."],
    ["a", "", "0 lines added, 1 line removed", "All of it was removed."],
    ["a\nb", "a\nc", "1 line added, 1 line removed", "+1"],
  ])("counts from %j to %j", async (before, after, counts, words) => {
    show(DiffView, { before, after, label: "a" });
    await vi.waitFor(() => {
      flushSync();
      expect(find("diff-counts")!.textContent).toContain(counts);
    }, PATIENCE);
    expect(find("diff-counts")!.textContent).toContain(words);
  });
});
