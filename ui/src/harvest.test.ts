// The Harvest as a user meets it, over the fake backend.
import { flushSync } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";
import App from "./App.svelte";
import { uiError } from "./lib/backend";
import type { FakeBackend } from "./lib/backend/fake";
import { startedBackend } from "./lib/test-data";
import { exampleView, row, side, stats, withRows } from "./lib/test-dataset";
import { all, click, find, PATIENCE, press, see, show, write } from "./lib/test-mount";

let backend: FakeBackend;
beforeEach(() => {
  localStorage.setItem("opzest.view", "harvest");
  backend = withRows(startedBackend());
});

const open = () => show(App, { backend });

async function openFirst(): Promise<HTMLElement> {
  open();
  click((await see("example-row")).parentElement);
  return see("example");
}

async function settled(check: () => void): Promise<void> {
  await vi.waitFor(() => {
    flushSync();
    check();
  }, PATIENCE);
}

describe("the list", () => {
  it("shows use cases with what is missing in words, and narrows to one", async () => {
    backend.on("dataset_stats", () => [stats(), stats({ useCaseId: "py", useCase: "Scripts" })]);
    open();
    await see("example-row");
    click(all("use-case")[0]!);
    expect((await see("readiness-words")).textContent).toContain("18 more and you can train");
    expect(find("readiness-missing")!.textContent).toContain("18 more results.");
    expect(find("readiness")!.querySelector("[role=meter]")!.getAttribute("aria-valuenow")).toBe("40");
    expect(backend.argsOf("list_examples").at(-1)!.filter.useCaseId).toBe("letters");
    click(find("tile-pending"));
    expect(backend.argsOf("list_examples").at(-1)!.filter).toMatchObject({ useCaseId: "letters", pending: true });
  });

  it("searches after a pause, narrows by chips, and finds its way back from nothing", async () => {
    open();
    await see("example-row");
    backend.on("list_examples", () => ({ items: [], total: 0, totalIsLeast: false, next: null }));
    write(find("example-filter-query")!, "lemon");
    await see("examples-none");
    expect(backend.argsOf("list_examples").at(-1)!.filter.query).toBe("lemon");
    click(find("open-filter"));
    click(await see("filter-redo"));
    expect(backend.argsOf("list_examples").at(-1)!.filter).toMatchObject({ query: "lemon", reason: "redo" });
    click(await see("example-filter-redo"));
    expect(backend.argsOf("list_examples").at(-1)!.filter).toMatchObject({ query: "lemon", reason: null });
    withRows(backend);
    click(find("example-filter-clear"));
    await see("example-row");
    await settled(() => expect(find("example-count")!.textContent).toBe("3 examples"));
  });

  it("says how examples come to be when there is none, and leads to the Workshop", async () => {
    withRows(backend, 0);
    open();
    expect((await see("harvest-empty")).textContent).toContain("You say what is wrong");
    click(find("go-workshop-empty"));
    expect(localStorage.getItem("opzest.view")).toBe("workshop");
  });

  it("shows errors where they belong and tries again", async () => {
    backend
      .on("dataset_stats", () => Promise.reject(uiError("store", "not counted")))
      .on("list_examples", () => Promise.reject(uiError("store", "not listed")));
    open();
    expect((await see("stats-error")).textContent).toContain("not counted");
    expect((await see("examples-error")).textContent).toContain("not listed");
    withRows(backend);
    click(find("examples-error")!.querySelector("button"));
    click(find("stats-error")!.querySelector("button"));
    await see("example-row");
    await settled(() => expect(find("stats-error")).toBeNull());
  });

  it("marks with Space and deletes the marked ones with Delete, after saying what goes", async () => {
    backend.on("delete_examples", ({ ids }) => ({ deleted: ids.length, remains: ["It is still in 1 other example."] }));
    open();
    await see("example-row");
    const list = find("examples-list")!;
    press(list, "Home");
    press(list, " ");
    press(list, "ArrowDown");
    press(list, " ", { shiftKey: true });
    expect((await see("marked-bar")).textContent).toContain("2 marked");
    expect(list.querySelectorAll('[aria-checked="true"]')).toHaveLength(2);
    press(list, "Delete");
    expect((await see("delete-examples")).textContent).toContain("backups");
    click(find("delete-examples-confirm"));
    expect((await see("deletion-remains")).textContent).toContain("It is still in 1 other example.");
    expect(backend.argsOf("delete_examples")).toEqual([{ ids: ["r0", "r1"] }]);
    expect(all("example-row")).toHaveLength(1);
    expect(find("marked-bar")).toBeNull();
  });

  it("changes many at once", async () => {
    backend.on("mark_examples", () => null);
    open();
    await see("example-row");
    press(find("examples-list")!, "a", { ctrlKey: true });
    click((await see("marked-bar")).querySelector('[data-testid="marked-menu"]'));
    click(await see("marked-communal"));
    await settled(() => expect(find("marked-bar")).toBeNull());
    expect(backend.argsOf("mark_examples")).toEqual([{ ids: ["r0", "r1", "r2"], scope: "communal", split: null }]);
    expect(find("toast")!.textContent).toContain("3 examples made communal");
  });
});

describe("an example", () => {
  it("shows both sides, the user's words, the prompt, and where it comes from", async () => {
    const example = await openFirst();
    expect(find("example-words")!.textContent).toContain("Too stiff.");
    expect(example.querySelector('[data-testid="example-diff"]')).not.toBeNull();
    click(find("example-part-prompt"));
    expect((await see("prompt")).textContent).toContain("Write it.");
    click(find("example-part-origin"));
    expect((await see("provenance")).textContent).toContain("Tiny, in cycle 1");
    click(find("only-session"));
    expect(backend.argsOf("list_examples").at(-1)!.filter.sessionId).toBe("s1");
    click(find("example-session"));
    expect(localStorage.getItem("opzest.view")).toBe("workshop");
  });

  it("tells a row that waits, one that was overruled, and one without another side", async () => {
    backend.on("open_example", ({ id }) =>
      exampleView(id, { summary: row(id, { pending: true }), chosen: null, rejected: side("bad", { reasoning: "Because.", files: [] }), overruled: true }),
    );
    await openFirst();
    expect(find("pending-note")!.textContent).toContain("nothing is learned");
    expect(find("overruled-note")).not.toBeNull();
    expect(find("edit-chosen")).toBeNull();
    expect(find("compare-extent")).toBeNull();
    click(find("reasoning-rejected")!.querySelector("button"));
    expect(find("reasoning-rejected-area")!.textContent).toContain("Because.");
  });

  it("reads probabilities only when asked, and says why there are none", async () => {
    backend
      .on("open_example", ({ id }) => exampleView(id, { chosen: side("good", { tracedTokens: 2 }) }))
      .on("example_trace", () => ({ modelName: "Tiny", k: 4, storedBytes: 900, tokens: [{ text: "good", logprob: -0.01, top: [], tail: 0.01 }] }));
    await openFirst();
    expect(backend.argsOf("example_trace")).toHaveLength(0);
    click(find("example-part-trace"));
    expect((await see("trace-tokens")).textContent).toContain("good");
    backend.on("open_example", ({ id }) => exampleView(id, { chosen: side("good", { modelName: null }) }));
    click(all("example-row")[1]!.parentElement);
    await settled(() => expect(find("trace-tokens")).toBeNull());
    click(await see("example-part-trace"));
    expect((await see("trace-empty")).textContent).toContain("you wrote yourself");
  });

  it("warns before an edit takes the probabilities, and keeps what was typed when it is refused", async () => {
    backend
      .on("open_example", ({ id }) => exampleView(id, { chosen: side("good", { tracedTokens: 12 }) }))
      .on("edit_example", () => Promise.reject(uiError("invalid_input", "The text cannot be empty.")));
    await openFirst();
    click(find("edit-chosen"));
    expect((await see("edit-warning")).textContent).toContain("12 recorded probabilities");
    expect(find<HTMLButtonElement>("side-save")!.disabled).toBe(true);
    const content = await see("side-text");
    const { EditorView } = await import("@codemirror/view");
    EditorView.findFromDOM(content)!.dispatch({ changes: { from: 0, insert: "very " } });
    flushSync();
    click(find("side-save"));
    expect((await see("save-error")).textContent).toContain("cannot be empty");
    expect(backend.argsOf("edit_example")).toEqual([{ id: "r0", side: "chosen", text: "very good" }]);
    expect(find("side-text")!.textContent).toContain("very good");
  });

  it("says that it could not be opened", async () => {
    backend.on("open_example", () => Promise.reject(uiError("not_found", "It is gone.")));
    open();
    click((await see("example-row")).parentElement);
    expect((await see("example-error")).textContent).toContain("It is gone.");
  });
});

describe("files", () => {
  it("exports what the list shows, and says what was left out", async () => {
    backend.path = "/home";
    backend.on("export_dataset", ({ path }) => ({ path, rows: 2, pending: 1, bytes: 4000 }));
    open();
    await see("example-row");
    click(find("open-filter"));
    click(await see("filter-complete"));
    click(find("open-export"));
    click((await see("export-format-parquet")).querySelector("input"));
    click(find("export-run"));
    const done = await see("export-done");
    expect(done.textContent).toContain("/home/opzest-examples.parquet");
    expect(done.textContent).toContain("1 was left out");
    expect(backend.argsOf("export_dataset")[0]).toMatchObject({ format: "parquet", filter: { pending: false } });
  });

  it("imports into a use case and names each bad line", async () => {
    backend.path = "/rows.jsonl";
    backend
      .on("list_use_cases", () => [{ id: "letters", name: "Letters", sessions: 1, examples: 2 }])
      .on("import_dataset", () => ({ added: 5, duplicates: 1, bad: 2, problems: [{ line: 7, message: "“chosen” is missing." }] }));
    open();
    await see("example-row");
    click(find("open-import"));
    await settled(() => expect(find<HTMLSelectElement>("import-use-case")!.value).toBe("letters"));
    expect(find<HTMLButtonElement>("import-run")!.disabled).toBe(true);
    click(find("import-choose"));
    await see("import-path");
    click(find("import-run"));
    const report = await see("import-report");
    expect(report.textContent).toContain("5 examples added");
    expect(all("import-problem").map((line) => line.textContent)).toEqual(["Line 7“chosen” is missing."]);
    expect(report.textContent).toContain("And 1 more.");
    expect(backend.argsOf("import_dataset")).toEqual([{ path: "/rows.jsonl", useCaseId: "letters" }]);
    await vi.waitFor(() => expect(backend.argsOf("dataset_stats")).toHaveLength(2));
  });
});
