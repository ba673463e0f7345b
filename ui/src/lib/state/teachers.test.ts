import { beforeEach, describe, expect, it, vi } from "vitest";
import { uiError } from "../backend";
import { FakeBackend } from "../backend/fake";
import type { TeachersView, TeacherTest } from "../bindings";
import { gate, model } from "../test-data";
import { remoteTeacher, teachersView } from "../test-dataset";
import { Models } from "./models.svelte";
import { Teachers } from "./teachers.svelte";

const passed: TeacherTest = { reachable: true, problem: null, traceK: 64, traceProblem: null, structured: null, firstTokenMs: 300, answer: "Hello" };

let backend: FakeBackend;
let teachers: Teachers;
beforeEach(async () => {
  backend = new FakeBackend()
    .on("list_teachers", () => teachersView())
    .on("list_models", () => [])
    .on("set_teachers", ({ agent, modelIds }) => {
      const view = teachersView();
      return { ...view, pools: view.pools.map((pool) => (pool.agent === agent ? { agent, modelIds } : pool)) };
    });
  teachers = new Teachers(backend, new Models(backend));
  await teachers.load();
});

describe("Teachers", () => {
  it("knows the order of each agent and whom a model works for", () => {
    expect([teachers.pool("worker"), teachers.pool("analyst"), teachers.usersOf("a")]).toEqual([["a", "b"], [], ["planner", "lead", "worker"]]);
    expect(teachers.find("c")?.remote?.name).toBe("c-name");
  });

  it("moves, adds and takes out, each stored whole and shown at once", async () => {
    const moving = teachers.move("worker", 1, 0);
    expect(teachers.pool("worker")).toEqual(["b", "a"]);
    void teachers.join("worker", "c");
    await Promise.all([moving, teachers.leave("worker", "a")]);
    expect(teachers.pool("worker")).toEqual(["b", "c"]);
    expect(backend.argsOf("set_teachers").map(({ modelIds }) => modelIds)).toEqual([["b", "a"], ["b", "a", "c"], ["b", "c"]]);
  });

  it("goes back to the stored order when a new one is refused, and says so there", async () => {
    backend.on("set_teachers", () => Promise.reject(uiError("invalid_input", "needs one")));
    await teachers.leave("worker", "a");
    expect([teachers.pool("worker"), teachers.poolErrors.worker?.message, teachers.poolErrors.lead]).toEqual([["a", "b"], "needs one", undefined]);
  });

  it("tests a model and shows what it gives", async () => {
    const answer = gate<TeacherTest>();
    backend.on("test_teacher", () => answer.promise);
    const testing = teachers.test("b");
    expect(teachers.tests.b).toEqual({ running: true });
    answer.open(passed);
    await testing;
    expect(teachers.tests.b).toEqual({ running: false, result: passed });
    expect(backend.argsOf("list_teachers")).toHaveLength(2);
    backend.on("test_teacher", () => Promise.reject(uiError("model", "broken")));
    await teachers.test("b");
    expect(teachers.tests.b).toMatchObject({ running: false, error: { message: "broken" } });
  });

  it("does not show the result of a test that nobody waits for", async () => {
    const answer = gate<TeacherTest>();
    backend.on("test_teacher", () => answer.promise);
    const testing = teachers.test("b");
    teachers.stopWaiting("b");
    answer.open(passed);
    await testing;
    expect(teachers.tests.b).toBeUndefined();
  });

  it("adds a server's model, or says why not", async () => {
    const form = { name: "", address: "https://x/v1", remoteName: "m", key: "secret", contextSize: null };
    backend.on("add_remote_model", () => Promise.reject(uiError("invalid_input", "no such address")));
    expect(await teachers.addRemote(form)).toBe(false);
    expect([teachers.addError?.message, teachers.adding]).toEqual(["no such address", false]);
    backend.on("add_remote_model", (): TeachersView => ({ ...teachersView(), teachers: [...teachersView().teachers, remoteTeacher("d")] }));
    expect(await teachers.addRemote(form)).toBe(true);
    expect([teachers.find("d")?.model.id, teachers.addError]).toEqual(["d", null]);
    expect(backend.argsOf("add_remote_model").at(-1)).toEqual(form);
  });

  it("adds a file through the models, and lists it", async () => {
    backend.path = "/b.gguf";
    backend.on("add_model_file", () => model("b"));
    expect(await teachers.addFile()).toBe("b");
    backend.path = null;
    expect(await teachers.addFile()).toBeNull();
    expect(backend.argsOf("list_teachers")).toHaveLength(2);
  });

  it("removes a model and changes a key; an error stays at its model", async () => {
    backend.on("remove_model", () => []).on("set_model_key", () => Promise.reject(uiError("store", "keyring locked")));
    expect(await teachers.setKey("c", "k")).toBe(false);
    expect(teachers.itemErrors.c?.message).toBe("keyring locked");
    backend.on("list_teachers", () => ({ ...teachersView(["a"]), teachers: [] }));
    expect(await teachers.remove("c")).toBe(true);
    expect([teachers.itemErrors.c, teachers.all]).toEqual([undefined, []]);
  });

  it("says that it could not be loaded, and keeps what it has", async () => {
    backend.on("list_teachers", vi.fn(() => Promise.reject(uiError("store", "busy"))));
    await teachers.load();
    expect([teachers.error?.message, teachers.all.length]).toEqual(["busy", 3]);
  });
});
