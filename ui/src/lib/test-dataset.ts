// Small examples, teachers and a data folder for the tests of state and pages.
import type { FakeBackend } from "./backend/fake";
import type {
  DatasetStats, ExamplePage, ExampleSummary, ExampleView, SideView, StorageView, TeacherInfo, TeachersView,
} from "./bindings";
import { model } from "./test-data";

export function row(id: string, more: Partial<ExampleSummary> = {}): ExampleSummary {
  return {
    id, title: `Title of ${id}`, words: "", reason: "redo", pending: false, paired: true, byHand: false, edited: false, traced: false,
    scope: "private", split: "train", useCase: "Letters", modelName: "Tiny", createdAt: 1, ...more,
  };
}

export function side(text: string, more: Partial<SideView> = {}): SideView {
  return { text, reasoning: "", files: [{ name: "letter.md", text }], words: "", modelName: "Tiny", cycle: 1, tracedTokens: 0, ...more };
}

export function exampleView(id: string, more: Partial<ExampleView> = {}): ExampleView {
  return {
    summary: row(id), prompt: [{ role: "user", text: "Write it." }], chosen: side("good"), rejected: side("bad", { words: "Too stiff." }),
    sessionId: "s1", sessionTitle: "The letter", useCaseId: "letters", overruled: false, promptVersion: 1, workflow: "document", ...more,
  };
}

export function stats(more: Partial<DatasetStats> = {}): DatasetStats {
  return {
    useCaseId: "letters", useCase: "Letters", sessions: 2, complete: 12, paired: 10, pending: 1, traced: 5, heldOut: 2, communal: 0,
    readiness: { share: 0.4, ready: false, words: "12 of 30 finished results; 18 more and you can train.", missing: ["18 more results."] },
    ...more,
  };
}

/** Pages of `size` rows, named after their places. */
export function paged(total: number, limit: number, after: string | null): ExamplePage {
  const start = after === null ? 0 : Number(after);
  const end = Math.min(total, start + limit);
  return {
    items: Array.from({ length: end - start }, (_, index) => row(`r${start + index}`)), total, totalIsLeast: false,
    next: end < total ? String(end) : null,
  };
}

export function withRows(backend: FakeBackend, total = 3): FakeBackend {
  return backend
    .on("dataset_stats", () => (total === 0 ? [] : [stats({ complete: total, pending: 0 })]))
    .on("list_examples", ({ after, limit }) => paged(total, limit, after))
    .on("open_example", ({ id }) => exampleView(id));
}

export function teacher(id: string, more: Partial<TeacherInfo> = {}): TeacherInfo {
  return { model: model(id), remote: null, traceK: null, terms: { kind: "unknown", words: "Nobody knows." }, ...more };
}

export function remoteTeacher(id: string): TeacherInfo {
  return teacher(id, {
    model: model(id, { kind: "remote", location: "https://api.example.org/v1" }),
    remote: { address: "https://api.example.org/v1", name: `${id}-name`, hasKey: true, contextSize: null, structured: null },
  });
}

export function teachersView(worker: string[] = ["a", "b"]): TeachersView {
  return {
    teachers: [teacher("a", { model: model("a", { kind: "embedded" }) }), teacher("b"), remoteTeacher("c")],
    pools: [
      { agent: "planner", modelIds: ["a"] }, { agent: "lead", modelIds: ["a"] }, { agent: "worker", modelIds: worker }, { agent: "analyst", modelIds: [] },
    ],
  };
}

export function storage(more: Partial<StorageView> = {}): StorageView {
  return {
    databaseBytes: 1e6, tracesBytes: 2e6, backupsBytes: 1e6, tracesCapBytes: 1e9, freeBytes: 9e9, check: null,
    backups: [{ name: "one.db", madeAt: 1, bytes: 1e6, conversations: 1, examples: 4, problem: null }], ...more,
  };
}
