import { describe, expect, it } from "vitest";
import { uiError } from "../backend";
import { FakeBackend } from "../backend/fake";
import { summary } from "../test-data";
import { Conversations } from "./conversations.svelte";

describe("Conversations", () => {
  it("asks the application for all that a list does", async () => {
    const backend = new FakeBackend()
      .on("list_conversations", () => ({ items: [summary("a", "a")], total: 1 }))
      .on("rename_conversation", ({ id, title }) => summary(id, title))
      .on("delete_conversation", () => null);
    const state = new Conversations(backend);
    await state.load();
    await state.rename("a", "New");
    expect(state.items).toMatchObject([{ id: "a", title: "New" }]);
    await state.remove("a");
    expect(backend.argsOf("delete_conversation")).toEqual([{ id: "a" }]);
  });

  it("keeps where the words of a search stand when a hit changes", async () => {
    const hit = [{ text: "x", matches: true }];
    const state = new Conversations(new FakeBackend().on("list_conversations", () => ({ items: [summary("a", "a", { hit })], total: 1 })));
    state.query = "x";
    await state.load();
    state.put(summary("a", "renamed"));
    expect(state.items).toMatchObject([{ id: "a", title: "renamed", hit }]);
  });

  it("exports; an error stays at its conversation", async () => {
    const backend = new FakeBackend().on("export_conversation", ({ id, format }) => {
      if (id === "b") throw uiError("store", "locked");
      return { fileName: `${id}.${format}`, content: "text" };
    });
    const state = new Conversations(backend);
    expect(await state.exportAs("a", "json")).toBe("a.json");
    expect(backend.saved).toEqual([{ name: "a.json", content: "text" }]);
    expect(await state.exportAs("b", "json")).toBe(null);
    expect(state.errorOf("b")).toMatchObject({ message: "locked" });
  });
});
