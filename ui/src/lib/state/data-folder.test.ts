import { describe, expect, it, vi } from "vitest";
import { uiError } from "../backend";
import { FakeBackend } from "../backend/fake";
import type { StorageView } from "../bindings";
import { gate } from "../test-data";
import { storage } from "../test-dataset";
import { DataFolder } from "./data-folder.svelte";

describe("DataFolder", () => {
  it("shows what is there, and what a backup, a check and a new limit change", async () => {
    const backend = new FakeBackend()
      .on("storage", () => storage())
      .on("back_up_now", () => storage({ backups: [] }))
      .on("check_store", () => ({ sound: true, problems: [], tookMs: 3 }))
      .on("set_traces_cap", ({ bytes }) => storage({ tracesCapBytes: bytes }));
    const folder = new DataFolder(backend);
    await folder.load();
    expect(folder.view?.backups).toHaveLength(1);
    await folder.check();
    expect(folder.view?.check?.sound).toBe(true);
    await folder.backUp();
    expect(folder.view?.backups).toHaveLength(0);
    await folder.setCap(5e9);
    expect(folder.view?.tracesCapBytes).toBe(5e9);
  });

  it("does one thing at a time, and says at which it failed", async () => {
    const slow = gate<StorageView>();
    const backend = new FakeBackend().on("back_up_now", () => slow.promise).on("check_store", () => Promise.reject(uiError("store", "unreadable")));
    const folder = new DataFolder(backend);
    const copying = folder.backUp();
    expect([folder.working, await folder.check()]).toEqual(["backUp", false]);
    slow.fail(uiError("disk_full", "full"));
    expect(await copying).toBe(false);
    expect([folder.errorOf("backUp")?.message, folder.errorOf("check"), folder.working]).toEqual(["full", null, null]);
    await folder.check();
    expect([folder.errorOf("backUp"), folder.errorOf("check")?.message]).toEqual([null, "unreadable"]);
  });

  it("loads everything again after a restore, and only then", async () => {
    const reload = vi.fn();
    const backend = new FakeBackend().on("restore_backup", () => Promise.reject(uiError("store", "damaged")));
    const folder = new DataFolder(backend, reload);
    expect(await folder.restore("one.db")).toBe(false);
    expect([reload.mock.calls.length, folder.errorOf("restore")?.message]).toEqual([0, "damaged"]);
    backend.on("restore_backup", () => storage());
    expect(await folder.restore("one.db")).toBe(true);
    expect(reload.mock.calls).toEqual([["one.db"]]);
  });

  it("says that the folder could not be measured", async () => {
    const folder = new DataFolder(new FakeBackend().on("storage", () => Promise.reject(uiError("store", "busy"))));
    await folder.load();
    expect([folder.view, folder.error?.message]).toEqual([null, "busy"]);
  });
});
