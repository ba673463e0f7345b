// Teachers and the data tab as a user meets them, over the fake backend.
import { flushSync } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";
import App from "./App.svelte";
import { uiError } from "./lib/backend";
import type { FakeBackend } from "./lib/backend/fake";
import type { TeacherTest } from "./lib/bindings";
import { gate, startedBackend } from "./lib/test-data";
import { remoteTeacher, storage, teachersView } from "./lib/test-dataset";
import { all, click, find, PATIENCE, press, see, show, write } from "./lib/test-mount";

let backend: FakeBackend;
beforeEach(() => {
  localStorage.setItem("opzest.view", "teachers");
  backend = startedBackend()
    .on("list_teachers", () => teachersView())
    .on("set_teachers", ({ agent, modelIds }) => {
      const view = teachersView();
      return { ...view, pools: view.pools.map((pool) => (pool.agent === agent ? { agent, modelIds } : pool)) };
    })
    .on("storage", () => storage());
});

const within = <E extends HTMLElement = HTMLElement>(element: HTMLElement, id: string) => element.querySelector<E>(`[data-testid="${id}"]`);
const card = (id: string) => all("teacher").find((one) => one.dataset.id === id)!;

async function settled(check: () => void): Promise<void> {
  await vi.waitFor(() => {
    flushSync();
    check();
  }, PATIENCE);
}

async function openTeachers() {
  show(App, { backend });
  return see("pool-worker");
}

describe("teachers", () => {
  it("moves a model with the arrow keys, and the keyboard stays with it", async () => {
    const pool = await openTeachers();
    const ids = () => [...pool.querySelectorAll<HTMLElement>('[data-testid="pool-item"]')].map((item) => item.dataset.id);
    expect(ids()).toEqual(["a", "b"]);
    press(within(pool, "pool-grip")!, "ArrowDown");
    await settled(() => expect(document.activeElement?.closest<HTMLElement>("li")?.dataset.id).toBe("a"));
    expect(ids()).toEqual(["b", "a"]);
    expect(pool.textContent).toContain("a is now number 2 of 2 for the worker.");
    await vi.waitFor(() => expect(backend.argsOf("set_teachers")).toEqual([{ agent: "worker", modelIds: ["b", "a"] }]));
    press(document.activeElement!, "ArrowDown");
    expect(backend.argsOf("set_teachers")).toHaveLength(1);
  });

  it("adds and takes out; an empty order says what that means; a refusal stands there", async () => {
    const pool = await openTeachers();
    expect(find("pool-analyst")!.textContent).toContain("sessions stop and ask you");
    click(find("pool-add-worker"));
    click(await see("pool-choose"));
    await vi.waitFor(() => expect(backend.argsOf("set_teachers")).toEqual([{ agent: "worker", modelIds: ["a", "b", "c"] }]));
    backend.on("set_teachers", () => Promise.reject(uiError("invalid_input", "It needs one.")));
    click(within(pool, "pool-remove"));
    await settled(() => expect(within(pool, "pool-error")?.textContent).toContain("It needs one."));
    expect(pool.querySelectorAll("li")).toHaveLength(3);
  });

  it("says which model works when an agent has none of its own", async () => {
    backend.on("set_teachers", () => teachersView());
    await openTeachers();
    click(within(find("pool-planner")!, "pool-remove"));
    expect((await see("toast")).textContent).toContain("uses the one of the Assistant: a.");
    await settled(() => expect(find("pool-planner")!.querySelectorAll("li")).toHaveLength(1));
  });

  it("tests a model: progress, then what it gives, or why it does not answer", async () => {
    const answer = gate<TeacherTest>();
    backend.on("test_teacher", () => answer.promise);
    await openTeachers();
    click(within(card("c"), "teacher-test"));
    expect(within(card("c"), "test-running")).not.toBeNull();
    answer.open({ reachable: true, problem: null, traceK: 0, traceProblem: "It refuses.", structured: null, firstTokenMs: 640, answer: "Hello there" });
    await settled(() => expect(within(card("c"), "test-result")?.textContent).toContain("0.64 s"));
    expect(within(card("c"), "test-result")!.textContent).toMatch(/Hello there.*It refuses\./s);
    backend.on("test_teacher", () => ({
      reachable: false, problem: uiError("remote", "It does not answer."), traceK: 0, traceProblem: null, structured: null, firstTokenMs: null, answer: "",
    }));
    click(within(card("c"), "teacher-test"));
    await settled(() => expect(within(card("c"), "test-problem")?.textContent).toContain("It does not answer."));
  });

  it("adds a server's model: says that text leaves, asks what the server has, never shows the key", async () => {
    backend
      .on("list_remote_models", () => ["large", "small"])
      .on("add_remote_model", () => ({ ...teachersView(), teachers: [...teachersView().teachers, remoteTeacher("d")] }));
    await openTeachers();
    click(find("add-remote"));
    expect((await see("leaves-note")).textContent).toContain("Text leaves this computer.");
    const add = find<HTMLButtonElement>("remote-add")!;
    expect([add.disabled, find<HTMLInputElement>("remote-key")!.type]).toEqual([true, "password"]);
    write(find("remote-address")!, "https://api.example.org/v1");
    write(find("remote-key")!, "secret");
    click(find("remote-ask"));
    click((await see("remote-offered")).querySelectorAll("button")[1]!);
    expect(backend.argsOf("list_remote_models")).toEqual([{ address: "https://api.example.org/v1", key: "secret" }]);
    write(find("remote-context")!, "many");
    expect(add.disabled).toBe(true);
    write(find("remote-context")!, "8192");
    click(add);
    await settled(() => expect(card("d")).toBeDefined());
    expect(backend.argsOf("add_remote_model")).toEqual([
      { name: "", address: "https://api.example.org/v1", remoteName: "small", key: "secret", contextSize: 8192 },
    ]);
    expect(document.body.innerHTML).not.toContain("secret");
  });

  it("says why a server cannot be asked or added", async () => {
    backend
      .on("list_remote_models", () => Promise.reject(uiError("remote", "Nobody there.")))
      .on("add_remote_model", () => Promise.reject(uiError("invalid_input", "No such address.")));
    await openTeachers();
    click(find("add-remote"));
    write(await see("remote-address"), "https://nowhere");
    write(find("remote-name")!, "x");
    click(find("remote-ask"));
    expect((await see("remote-ask-error")).textContent).toContain("Nobody there.");
    click(find("remote-add"));
    expect((await see("remote-error")).textContent).toContain("No such address.");
  });

  it("changes a key and removes a model after asking", async () => {
    backend.on("set_model_key", () => teachersView()).on("remove_model", () => []);
    await openTeachers();
    click(within(card("c"), "teacher-menu"));
    click(await see("teacher-key"));
    write(await see("key-input"), "k2");
    click(find("key-save"));
    await settled(() => expect(backend.argsOf("set_model_key")).toEqual([{ id: "c", key: "k2" }]));
    click(within(card("c"), "teacher-menu"));
    click(await see("teacher-remove"));
    expect((await see("remove-dialog")).textContent).toContain("OpZest forgets its address.");
    click(find("remove-confirm"));
    await settled(() => expect(backend.argsOf("remove_model")).toEqual([{ id: "c" }]));
    expect(within(card("a"), "teacher-menu")).toBeNull();
  });

  it("shows why it could not be loaded, and tries again", async () => {
    backend.on("list_teachers", () => Promise.reject(uiError("store", "busy")));
    show(App, { backend });
    const error = await see("teachers-error");
    backend.on("list_teachers", () => ({ ...teachersView(), teachers: teachersView().teachers.slice(0, 2) }));
    click(error.querySelector("button"));
    await see("no-remotes");
  });
});

describe("the data tab", () => {
  async function openData() {
    show(App, { backend });
    await see("pool-worker");
    click(find("open-settings"));
    click(await see("settings-tab-data"));
    return see("disk-use");
  }

  it("shows the room, moves the limit, and warns when it is used up", async () => {
    backend.on("set_traces_cap", ({ bytes }) => storage({ tracesBytes: 9.9e7, tracesCapBytes: bytes }));
    const use = await openData();
    expect(use.textContent).toContain("9.0 GB free");
    expect(find("traces-cap-value")!.textContent).toBe("1.0 GB");
    expect(find("traces-full")).toBeNull();
    write(find("traces-cap")!, "0", "change");
    expect((await see("traces-full")).textContent).toContain("without probabilities");
    expect(backend.argsOf("set_traces_cap")).toEqual([{ bytes: 1e8 }]);
  });

  it("backs up, checks, and says what is wrong beside it", async () => {
    backend
      .on("back_up_now", () => Promise.reject(uiError("disk_full", "No room.")))
      .on("check_store", () => ({ sound: false, problems: ["Page 8 is damaged."], tookMs: 5 }));
    await openData();
    click(find("back-up-now"));
    expect((await see("back-up-error")).textContent).toContain("No room.");
    click(find("check-now"));
    expect((await see("check-result")).textContent).toContain("Page 8 is damaged.");
  });

  it("guides a restore, and refuses damaged backups", async () => {
    backend
      .on("storage", () => storage({ backups: [...storage().backups, { name: "two.db", madeAt: 2, bytes: 1, conversations: null, examples: null, problem: "It is damaged." }] }))
      .on("restore_backup", () => Promise.reject(uiError("store", "Its check sums do not match.")));
    await openData();
    expect(all("restore")).toHaveLength(1);
    expect(all("backup")[1]!.textContent).toContain("It is damaged.");
    click(find("restore"));
    expect((await see("restore-dialog")).textContent).toContain("What it replaces");
    click(find("restore-confirm"));
    expect((await see("restore-error")).textContent).toContain("do not match");
    expect(backend.argsOf("restore_backup")).toEqual([{ name: "one.db" }]);
  });
});
