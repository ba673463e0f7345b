import { beforeEach, describe, expect, it } from "vitest";
import { uiError } from "../backend";
import { FakeBackend } from "../backend/fake";
import type { Model, ModelSpeed } from "../bindings";
import { gate, model } from "../test-data";
import { Models } from "./models.svelte";

let backend: FakeBackend;
let items: Model[];

beforeEach(() => {
  items = [model("tiny", { selected: true }), model("big")];
  backend = new FakeBackend().on("list_models", () => items);
});

async function loaded(): Promise<Models> {
  const models = new Models(backend);
  await models.load();
  return models;
}

describe("Models", () => {
  it("knows the selected one", async () => {
    backend.on("select_model", ({ id }) => items.map((entry) => ({ ...entry, selected: entry.id === id })));
    const models = await loaded();
    expect(models.selected?.id).toBe("tiny");
    await models.select("big");
    expect(models.selected?.id).toBe("big");
    expect(models.find("gone")).toBeNull();
  });

  it("adds a file, or does nothing when cancelled", async () => {
    backend.on("add_model_file", ({ path }) => {
      items = [...items, model(path)];
      return model(path);
    });
    const models = await loaded();
    expect(await models.addFile()).toBeNull();
    expect(backend.argsOf("add_model_file")).toEqual([]);
    backend.path = "/new.gguf";
    expect((await models.addFile())?.id).toBe("/new.gguf");
    expect(models.items).toHaveLength(3);
  });

  it("says why a file was refused", async () => {
    backend.path = "/bad.gguf";
    backend.on("add_model_file", () => Promise.reject(uiError("model_file", "no GGUF")));
    const models = await loaded();
    await models.addFile();
    expect([models.addError?.code, models.adding]).toEqual(["model_file", false]);
  });

  it("measures one at a time and keeps an error at its model", async () => {
    const end = gate<ModelSpeed>();
    backend.on("measure_model", () => end.promise);
    const models = await loaded();
    const first = models.measure("tiny");
    expect(await models.measure("big")).toBe(false);
    end.fail(uiError("out_of_memory", "too big"));
    await first;
    expect([models.measuring, models.errors["tiny"]?.message]).toEqual([null, "too big"]);
    const speed: ModelSpeed = {
      modelName: "tiny", threads: 2, readingTokensPerSecond: 1, writingTokensPerSecond: 2, loadMs: 3, peakMemoryMb: 4,
    };
    backend.on("measure_model", () => speed);
    await models.measure("tiny");
    expect([models.speeds["tiny"], models.errors["tiny"]]).toEqual([speed, undefined]);
  });
});
