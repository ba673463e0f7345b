import { describe, expect, it, vi } from "vitest";
import { uiError } from "../backend";
import { appInfo, startedBackend } from "../test-data";
import { App } from "./app.svelte";

const frames = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
};

describe("App", () => {
  it("starts into the assistant", async () => {
    const app = new App(startedBackend());
    expect(app.page).toBe("starting");
    await app.start();
    expect(app.page).toBe("views");
  });

  it("shows the welcome page once", async () => {
    const backend = startedBackend().on("app_info", () => ({ ...appInfo, firstStart: true })).on("finish_welcome", () => null);
    const app = new App(backend);
    await app.start();
    expect(app.page).toBe("welcome");
    expect(await app.finishWelcome()).toBeNull();
    expect(app.page).toBe("views");
    expect(backend.argsOf("finish_welcome")).toHaveLength(1);
  });

  it("stays on the welcome page when that cannot be stored", async () => {
    const error = uiError("disk_full", "full");
    const backend = startedBackend()
      .on("app_info", () => ({ ...appInfo, firstStart: true }))
      .on("finish_welcome", () => Promise.reject(error));
    const app = new App(backend);
    await app.start();
    expect(await app.finishWelcome()).toEqual(error);
    expect(app.page).toBe("welcome");
  });

  it("asks for nothing else while there is a problem, and recovers", async () => {
    const problem = uiError("data_folder_in_use", "in use");
    const backend = startedBackend().on("app_info", () => ({ ...appInfo, problem }));
    const app = new App(backend);
    await app.start();
    expect([app.page, app.problem]).toEqual(["problem", problem]);
    expect(backend.calls.map((call) => call.name)).toEqual(["app_info"]);
    backend.on("app_info", () => appInfo);
    await app.start();
    expect(app.page).toBe("views");
  });

  it("shows that the application does not answer", async () => {
    const app = new App(startedBackend().on("app_info", () => Promise.reject(new Error("no process"))));
    await app.start();
    expect(app.page).toBe("problem");
    expect(app.problem?.message).toContain("no process");
  });

  it("reports once, after the frame is drawn, that it can be used", async () => {
    const backend = startedBackend();
    const app = new App(backend);
    app.reportReady();
    app.reportReady();
    expect(backend.argsOf("ui_ready")).toHaveLength(0);
    await frames(3);
    expect(backend.argsOf("ui_ready")).toHaveLength(1);
  });

  it("says that something was copied, and when it was not", async () => {
    const app = new App(startedBackend());
    const writeText = vi.fn(async () => {});
    vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText } });
    expect(await app.copy("text", "Copied")).toBe(true);
    expect(writeText).toHaveBeenCalledWith("text");
    document.execCommand = () => false;
    writeText.mockRejectedValueOnce(new Error("not allowed"));
    expect(await app.copy("text", "Copied")).toBe(false);
    expect(app.notices.items.map((notice) => notice.text)).toEqual(["Copied", expect.stringContaining("could not be copied")]);
    vi.unstubAllGlobals();
  });
});
