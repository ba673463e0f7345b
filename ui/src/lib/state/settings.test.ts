import { beforeEach, describe, expect, it } from "vitest";
import { uiError } from "../backend";
import { FakeBackend } from "../backend/fake";
import type { SettingsView } from "../bindings";
import { gate, settingsView } from "../test-data";
import { applyRememberedTheme, Settings } from "./settings.svelte";

let backend: FakeBackend;
let root: HTMLElement;

beforeEach(() => {
  root = document.createElement("div");
  backend = new FakeBackend()
    .on("read_settings", () => settingsView)
    .on("change_settings", ({ settings }) => ({ ...settingsView, settings }));
});

async function loaded(): Promise<Settings> {
  const settings = new Settings(backend, root, localStorage);
  await settings.load();
  return settings;
}

describe("Settings", () => {
  it("stores each change on top of the one before", async () => {
    const first = gate<SettingsView>();
    const settings = await loaded();
    backend.on("change_settings", () => first.promise);
    const one = settings.change("temperature", 0.2);
    await Promise.resolve();
    backend.on("change_settings", ({ settings: values }) => ({ ...settingsView, settings: values }));
    const two = settings.change("threads", 3);
    first.open({ ...settingsView, settings: { ...settingsView.settings, temperature: 0.2 } });
    await Promise.all([one, two]);
    expect(backend.argsOf("change_settings").at(-1)?.settings).toMatchObject({ temperature: 0.2, threads: 3 });
    expect(settings.view?.settings).toMatchObject({ temperature: 0.2, threads: 3 });
    expect(settings.saved).toBe(true);
  });

  it("takes a refused change back and says at which field", async () => {
    const settings = await loaded();
    backend.on("change_settings", () => Promise.reject(uiError("invalid_input", "too many")));
    await settings.change("threads", 999);
    expect(settings.view?.settings.threads).toBeNull();
    expect(settings.changeError).toMatchObject({ field: "threads", error: { message: "too many" } });
    expect(settings.saved).toBe(false);
  });

  it("does not store what did not change", async () => {
    const settings = await loaded();
    await settings.change("temperature", 0.7);
    expect(backend.argsOf("change_settings")).toEqual([]);
  });

  it("shows a theme at once, takes it back if refused, and remembers it for the next start", async () => {
    const settings = await loaded();
    await settings.change("theme", "dark");
    expect(root.dataset.theme).toBe("dark");
    const next = document.createElement("div");
    applyRememberedTheme(next, localStorage);
    expect(next.dataset.theme).toBe("dark");
    backend.on("change_settings", () => Promise.reject(uiError("disk_full", "full")));
    await settings.change("theme", "light");
    expect(root.dataset.theme).toBe("dark");
  });

  it("follows the system without a mark", async () => {
    const settings = await loaded();
    await settings.change("theme", "light");
    await settings.change("theme", "system");
    expect("theme" in root.dataset).toBe(false);
    const next = document.createElement("div");
    applyRememberedTheme(next, localStorage);
    expect("theme" in next.dataset).toBe(false);
  });
});
