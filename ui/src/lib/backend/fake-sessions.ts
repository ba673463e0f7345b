// The session commands of the fake backend: pretended sessions that stream like real ones, for the design mode and
// for unit tests. `pace` says how long things take: nothing in tests.
import type { Agent, PoolView, RunView, SandboxInfo, SessionView, UiError, UseCaseInfo } from "../bindings";
import { uiError } from "./backend";
import type { FakeBackend } from "./fake";
import { SCRIPTS, type Script } from "./fake-scripts";
import { FakeSession, type Pace } from "./fake-session";

export interface FakeSessionsOptions {
  pace?: Pace;
  sandbox?: SandboxInfo;
  pools?: () => PoolView[];
  trouble?: (agent: Agent) => UiError | null;
  /** Files of the user's own that cannot be used. */
  problems?: UiError[];
}

export interface FakeSessions {
  all: FakeSession[];
  useCases: UseCaseInfo[];
  /** A session as if it had been made before; it works when it is watched or acted on. */
  begin(script: Script, more?: Partial<Pick<SessionView["summary"], "scope" | "title" | "createdAt" | "updatedAt">>): FakeSession;
}

const USE_CASES = { markdown: "My letters", python: "Python helpers", page: "Games and lessons", json: "Recipes" };
const AT_ONCE: Pace = () => Promise.resolve();
const SAFE: SandboxInfo = { ready: true, problem: null, preview: true };

export function fakeSessions(backend: FakeBackend, options: FakeSessionsOptions = {}): FakeSessions {
  const { pace = AT_ONCE, sandbox = SAFE, problems = [] } = options;
  const all: FakeSession[] = [];
  const stops = new Map<string, () => void>();
  let count = 0;
  const useCases: UseCaseInfo[] = SCRIPTS.map(({ workflow }) => ({ id: `use-${workflow.id}`, name: USE_CASES[workflow.kind], sessions: 0, examples: 0 }));

  const find = (id: string): FakeSession => {
    const found = all.find((session) => session.id === id);
    if (!found) throw uiError("not_found", "This session is not there any more.", "It may have been deleted.");
    return found;
  };
  const useCaseOf = (id: string | null, script: Script): UseCaseInfo =>
    useCases.find((one) => one.id === (id ?? `use-${script.workflow.id}`)) ?? useCases[0]!;
  const make = (script: Script, more: Partial<ConstructorParameters<typeof FakeSession>[0]> = {}): FakeSession => {
    const session = new FakeSession({
      id: `session-${++count}`, script, useCase: useCaseOf(null, script), scope: "private", pace,
      ...(!sandbox.ready && script.workflow.kind === "python" && { notRun: sandbox.problem?.message ?? "There is no sandbox." }),
      ...(options.pools && { pools: options.pools() }), ...(options.trouble && { trouble: options.trouble }), ...more,
    });
    all.push(session);
    return session;
  };

  backend
    .on("list_workflows", () => ({ workflows: SCRIPTS.map(({ workflow }) => workflow), problems, folder: "/home/ana/.local/share/opzest/workflows" }))
    .on("list_use_cases", () => [...useCases])
    .on("create_use_case", ({ name }) => {
      if (useCases.some((one) => one.name === name)) throw uiError("invalid_input", `There is already a use case “${name}”.`, "Choose it, or give another name.");
      const made = { id: `use-${++count}`, name, sessions: 0, examples: 0 };
      useCases.push(made);
      return made;
    })
    .on("sandbox_info", () => sandbox)
    .on("list_sessions", ({ query, limit }) => {
      const words = query?.toLowerCase() ?? "";
      const hits = all
        .map((session) => session.view)
        .filter((view) => `${view.summary.title} ${view.request}`.toLowerCase().includes(words))
        .map((view) => view.summary)
        .sort((a, b) => b.updatedAt - a.updatedAt);
      return { items: hits.slice(0, limit), total: hits.length };
    })
    .on("new_session", ({ request, files, workflow, useCaseId, scope, plan }) => {
      const script = SCRIPTS.find((one) => one.workflow.id === workflow) ?? SCRIPTS[0]!;
      const session = make(script, { request, startFiles: files, scope, plan, useCase: useCaseOf(useCaseId, script) });
      session.change((view) => (view.summary.title = request.split(/[.\n]/)[0]!.slice(0, 60)));
      void session.work();
      return session.view;
    })
    .on("open_session", ({ id }) => find(id).view)
    .on("rename_session", ({ id, title }) => {
      find(id).change((view) => (view.summary.title = title));
      return find(id).view.summary;
    })
    .on("move_session", ({ id, useCaseId }) => {
      const to = useCases.find((one) => one.id === useCaseId)!;
      find(id).change((view) => Object.assign(view.summary, { useCaseId, useCase: to.name }));
      return find(id).view.summary;
    })
    .on("delete_session", ({ id }) => {
      const deleted = find(id).view.summary.examples;
      all.splice(all.indexOf(find(id)), 1);
      return { deleted, remains: [] };
    })
    .on("act_on_session", ({ id, act }) => find(id).act(act))
    .on("watch_session", ({ id }, emit) => {
      const session = find(id);
      return new Promise<null>((resolve) => {
        stops.get(id)?.();
        const unwatch = session.watch(emit);
        stops.set(id, () => {
          unwatch();
          resolve(null);
        });
      });
    })
    .on("stop_watching", ({ id }) => {
      stops.get(id)?.();
      stops.delete(id);
      return null;
    })
    .on("run_artifact", async ({ files, stdin, withoutSandbox }): Promise<RunView> => {
      if (!sandbox.ready && !withoutSandbox) throw sandbox.problem ?? uiError("invalid_input", "There is no sandbox on this computer.");
      await pace(700);
      const fails = !files[0]?.text.includes("import Counter");
      return {
        passed: !fails, outcome: fails ? "It ended with an error." : "It ended by itself.", files: [], wallMs: 84,
        stdout: fails ? "" : stdin === "" ? "There is nothing to count.\n" : [...new Set(stdin.toLowerCase().split(/\s+/))].map((word) => `    1 ${word}`).join("\n"),
        stderr: fails ? "Traceback (most recent call last):\n  File \"count.py\", line 4, in <module>\nNameError: name 'Counter' is not defined\n" : "",
      };
    })
    .on("show_preview", async ({ id }) => {
      await pace(300);
      setTimeout(() => all.find((one) => one.id === id)?.emit({ kind: "previewProblem", message: "page.html:25: lemon is not defined" }), 0);
      return null;
    })
    .on("export_product", ({ id, version, folder }) => {
      if (folder === "/readonly") throw uiError("invalid_input", `The folder ${folder} cannot be written.`, "Choose another folder.");
      const { versions } = find(id).view;
      const saved = version === null ? versions.at(-1) : versions.find((one) => one.number === version);
      return (saved?.files ?? []).map((file) => `${folder}/${file.name}`);
    });

  return {
    all,
    useCases,
    begin(script, more = {}) {
      const session = make(script, more.scope ? { scope: more.scope } : {});
      session.change((view) => Object.assign(view.summary, more));
      return session;
    },
  };
}
