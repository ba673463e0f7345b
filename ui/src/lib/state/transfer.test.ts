import { describe, expect, it } from "vitest";
import { uiError } from "../backend";
import { FakeBackend } from "../backend/fake";
import { NO_FILTER } from "../examples";
import { fileName, Transfer } from "./transfer.svelte";

describe("Transfer", () => {
  it("writes where the user says, under a name of the use case", async () => {
    const backend = new FakeBackend().on("export_dataset", ({ path }) => ({ path, rows: 4, pending: 1, bytes: 10 }));
    backend.path = "/home";
    const transfer = new Transfer(backend);
    await transfer.exportAs("parquet", NO_FILTER, "My e-mails!");
    expect(backend.argsOf("export_dataset")).toEqual([{ filter: NO_FILTER, format: "parquet", path: "/home/my-e-mails.parquet" }]);
    expect([transfer.exported?.rows, transfer.busy]).toEqual([4, false]);
  });

  it("does nothing when the user changes their mind, and says why it failed", async () => {
    const backend = new FakeBackend().on("export_dataset", () => Promise.reject(uiError("disk_full", "full")));
    const transfer = new Transfer(backend);
    await transfer.exportAs("jsonl", NO_FILTER, "x");
    expect([backend.calls.length, transfer.error]).toEqual([0, null]);
    backend.path = "/home";
    await transfer.exportAs("jsonl", NO_FILTER, "x");
    expect([transfer.error?.message, transfer.exported, transfer.busy]).toEqual(["full", null, false]);
  });

  it("imports into a new use case, which a second try does not make again", async () => {
    let fail = true;
    const backend = new FakeBackend()
      .on("list_use_cases", () => [])
      .on("create_use_case", ({ name }) => ({ id: "new", name, sessions: 0, examples: 0 }))
      .on("import_dataset", () => {
        if (fail) throw uiError("invalid_input", "not a file of examples");
        return { added: 2, duplicates: 0, bad: 0, problems: [] };
      });
    const transfer = new Transfer(backend);
    await transfer.loadUseCases();
    expect(await transfer.importInto({ name: "Mine" })).toBe(false);
    backend.path = "/rows.jsonl";
    await transfer.choose();
    expect(await transfer.importInto({ name: "Mine" })).toBe(false);
    expect(transfer.error?.message).toBe("not a file of examples");
    fail = false;
    expect(await transfer.importInto({ name: "Mine" })).toBe(true);
    expect(backend.argsOf("create_use_case")).toEqual([{ name: "Mine" }]);
    expect(backend.argsOf("import_dataset").at(-1)).toEqual({ path: "/rows.jsonl", useCaseId: "new" });
  });

  it("keeps the chosen file when a second choice is called off", async () => {
    const backend = new FakeBackend();
    backend.path = "/a.jsonl";
    const transfer = new Transfer(backend);
    await transfer.choose();
    backend.path = null;
    await transfer.choose();
    expect(transfer.path).toBe("/a.jsonl");
  });

  it("makes names that every file system takes", () => {
    expect([fileName("Briefe an/über: Ämter?"), fileName("رسائل"), fileName("///"), fileName("x".repeat(90)).length]).toEqual([
      "briefe-an-über-ämter", "رسائل", "examples", 60,
    ]);
  });
});
