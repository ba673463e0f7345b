import { clearMocks, mockIPC } from "@tauri-apps/api/mocks";
import type { Channel } from "@tauri-apps/api/core";
import { afterEach, expect, it } from "vitest";
import type { ChatEvent } from "../bindings";
import { tauriBackend } from "./tauri";

afterEach(() => clearMocks());

it("carries every command in one call, with a channel for its events", async () => {
  mockIPC((command, payload) => {
    expect(command).toBe("call");
    const { name, args, events } = payload as unknown as { name: string; args: unknown; events: Channel<ChatEvent> };
    expect([name, args]).toEqual(["regenerate", { conversationId: "c", modelId: null }]);
    events.onmessage({ kind: "loadingModel", modelName: "x" });
    return { done: true };
  });
  const seen: unknown[] = [];
  expect(await tauriBackend.call("regenerate", { conversationId: "c", modelId: null }, (event) => seen.push(event))).toEqual({ done: true });
  expect(seen).toEqual([{ kind: "loadingModel", modelName: "x" }]);
});

it("rejects with the error of the application, and wraps what is none", async () => {
  const error = { code: "busy", message: "m", hint: "" };
  mockIPC(() => Promise.reject(error));
  await expect(tauriBackend.call("list_models", {})).rejects.toEqual(error);
  mockIPC(() => Promise.reject("command call not allowed"));
  await expect(tauriBackend.pickModelFile()).rejects.toMatchObject({
    code: "internal",
    message: expect.stringContaining("not allowed"),
  });
});

it("saves and picks through their own commands", async () => {
  const asked: unknown[] = [];
  mockIPC((command, payload) => {
    asked.push([command, payload]);
    return command === "save_text_file" ? "/home/a.md" : null;
  });
  expect(await tauriBackend.pickModelFile()).toBeNull();
  expect(await tauriBackend.pickFolder("Save it in")).toBeNull();
  expect(await tauriBackend.pickOpenPath(["jsonl"])).toBeNull();
  expect(await tauriBackend.pickSavePath("rows.jsonl")).toBeNull();
  expect(await tauriBackend.saveTextFile("a.md", "text")).toBe("/home/a.md");
  expect(asked).toEqual([
    ["pick_model_file", {}],
    ["pick_folder", { title: "Save it in" }],
    ["pick_open_path", { endings: ["jsonl"] }],
    ["pick_save_path", { name: "rows.jsonl" }],
    ["save_text_file", { name: "a.md", content: "text" }],
  ]);
});
