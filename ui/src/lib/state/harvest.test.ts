import { beforeEach, describe, expect, it, vi } from "vitest";
import { uiError } from "../backend";
import { FakeBackend } from "../backend/fake";
import { NO_FILTER } from "../examples";
import { exampleView, row, stats, withRows } from "../test-dataset";
import { Harvest } from "./harvest.svelte";

let backend: FakeBackend;
let harvest: Harvest;
beforeEach(() => {
  backend = withRows(new FakeBackend());
  harvest = new Harvest(backend);
});

const filters = () => backend.argsOf("list_examples").map((args) => args.filter);

describe("Harvest", () => {
  it("loads counts and rows; an empty dataset is told from an empty search", async () => {
    await harvest.load();
    expect([harvest.total, harvest.empty, harvest.list.total]).toEqual([3, false, 3]);
    withRows(backend, 0);
    await harvest.load();
    expect(harvest.empty).toBe(true);
    harvest.search("word");
    expect([harvest.empty, harvest.narrowed]).toEqual([false, true]);
  });

  it("shows the rows even if they could not be counted", async () => {
    backend.on("dataset_stats", () => Promise.reject(uiError("store", "busy")));
    await harvest.load();
    expect([harvest.statsError?.message, harvest.list.total, harvest.empty]).toEqual(["busy", 3, false]);
  });

  it("narrows by words, by chips of which one in a group is on, by use case and by session", async () => {
    harvest.search("  lemon ");
    harvest.search("lemon");
    harvest.toggle("redo");
    harvest.toggle("error");
    harvest.toggle("pending");
    harvest.toggle("pending");
    harvest.chooseUseCase("letters");
    harvest.onlySession("s1", "The letter");
    harvest.leaveSession();
    harvest.only("heldOut");
    harvest.showAll();
    expect(filters()).toEqual([
      { ...NO_FILTER, query: "lemon" },
      { ...NO_FILTER, query: "lemon", reason: "redo" },
      { ...NO_FILTER, query: "lemon", reason: "error" },
      { ...NO_FILTER, query: "lemon", reason: "error", pending: true },
      { ...NO_FILTER, query: "lemon", reason: "error" },
      { ...NO_FILTER, query: "lemon", reason: "error", useCaseId: "letters" },
      { ...NO_FILTER, useCaseId: "letters", sessionId: "s1" },
      { ...NO_FILTER, useCaseId: "letters" },
      { ...NO_FILTER, useCaseId: "letters", split: "heldOut" },
      { ...NO_FILTER, useCaseId: "letters" },
    ]);
    expect(harvest.sessionTitle).toBe("The letter");
  });

  it("marks single rows, ranges and all, and unmarks what goes out of sight", async () => {
    withRows(backend, 6);
    await harvest.load();
    harvest.toggleMark("r1");
    harvest.markBetween(4, 2);
    harvest.toggleMark("r3");
    expect([...harvest.marked].sort()).toEqual(["r1", "r2", "r4"]);
    harvest.markAll();
    expect(harvest.marked.size).toBe(6);
    harvest.search("x");
    expect(harvest.marked.size).toBe(0);
  });

  it("deletes rows, closes the one that was open, counts again, and tells what remains", async () => {
    backend.on("delete_examples", ({ ids }) => ({ deleted: ids.length, remains: ["It is still in 1 other example."] }));
    await harvest.load();
    harvest.show("r1");
    harvest.toggleMark("r1");
    expect(await harvest.remove(["r1"])).toEqual({ deleted: 1, remains: ["It is still in 1 other example."] });
    expect([harvest.open, harvest.marked.size, harvest.list.items.map(({ id }) => id)]).toEqual([null, 0, ["r0", "r2"]]);
    expect(backend.argsOf("dataset_stats")).toHaveLength(2);
  });

  it("keeps everything when a deletion is refused", async () => {
    backend.on("delete_examples", () => Promise.reject(uiError("disk_full", "full")));
    await harvest.load();
    harvest.show("r1");
    expect(await harvest.remove(["r1"])).toBeNull();
    expect([harvest.changeError?.message, harvest.open?.id, harvest.list.total, harvest.working]).toEqual(["full", "r1", 3, false]);
  });

  it("marks a split and reads all rows again, since it is that of whole sessions", async () => {
    backend.on("mark_examples", () => null);
    await harvest.load();
    harvest.show("r0");
    await vi.waitFor(() => expect(harvest.open?.view).not.toBeNull());
    backend
      .on("list_examples", () => ({ items: [row("r0", { split: "heldOut" }), row("r1", { split: "heldOut" })], total: 2, totalIsLeast: false, next: null }))
      .on("open_example", ({ id }) => exampleView(id, { summary: row(id, { split: "heldOut" }) }));
    expect(await harvest.mark(["r0"], { split: "heldOut" })).toBe(true);
    expect(backend.argsOf("mark_examples")).toEqual([{ ids: ["r0"], scope: null, split: "heldOut" }]);
    expect(harvest.list.items.map(({ split }) => split)).toEqual(["heldOut", "heldOut"]);
    expect(harvest.open?.view?.summary.split).toBe("heldOut");
    backend.on("mark_examples", () => Promise.reject(uiError("store", "busy")));
    expect(await harvest.mark(["r0"], { scope: "communal" })).toBe(false);
    expect(harvest.changeError?.message).toBe("busy");
  });

  it("shows a changed text in the list too", async () => {
    backend.on("edit_example", ({ id }) => exampleView(id, { summary: row(id, { edited: true }) }));
    await harvest.load();
    harvest.show("r0");
    const shown = harvest.open;
    harvest.show("r0");
    expect(harvest.open).toBe(shown);
    await harvest.open?.save("chosen", "new");
    expect(harvest.list.items[0]?.edited).toBe(true);
  });

  it("knows the use case that is shown", async () => {
    backend.on("dataset_stats", () => [stats(), stats({ useCaseId: "scripts", useCase: "Scripts" })]);
    await harvest.load();
    expect(harvest.useCase).toBeNull();
    harvest.chooseUseCase("scripts");
    expect(harvest.useCase?.useCase).toBe("Scripts");
  });
});
