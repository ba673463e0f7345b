// States of the Workshop for the design mode: `?scene=session-` and one of the names below. Each is reached by the
// acts that a user would take; `session-live` and a new session stream in real time.
import { uiError } from "../lib/backend";
import type { FakeBackend } from "../lib/backend/fake";
import { DATA, DOCUMENT, PAGE_SCRIPT, SCRIPT, type Script } from "../lib/backend/fake-scripts";
import { usualPools, type FakeSession } from "../lib/backend/fake-session";
import { fakeSessions, type FakeSessionsOptions } from "../lib/backend/fake-sessions";
import type { Agent, SessionAct, UiError } from "../lib/bindings";

type Step = SessionAct | ((session: FakeSession) => void);
const approve: SessionAct = { act: "approvePlan" };
const say = (words: string): SessionAct => ({ act: "feedback", words });
const accept: SessionAct = { act: "verdict", verdict: "accepted", words: "" };
const redo: SessionAct = { act: "verdict", verdict: "redo", words: "No, this is not what I meant." };
const edit = say("Friendlier please, and name the days: Monday to Friday. Say where the watering can is.");

const NAMELESS = "A_very_long_name_that_somebody_pasted_without_looking_and_that_never_seems_to_end_anywhere_at_all_".repeat(3);

interface Scene {
  script: Script;
  acts: Step[];
  options?: FakeSessionsOptions;
}

const remote = () =>
  usualPools().map((pool) =>
    pool.agent === "worker"
      ? { ...pool, teachers: [{ modelId: "far", name: "qwen2.5-coder-32b-instruct", remote: true, refused: false }, ...pool.teachers] }
      : pool,
  );

const SCENES: Record<string, Scene> = {
  plan: { script: DOCUMENT, acts: [] },
  judge: { script: DOCUMENT, acts: [approve] },
  edited: { script: DOCUMENT, acts: [approve, edit] },
  unsure: { script: DOCUMENT, acts: [approve, say("Hm, maybe?")] },
  script: { script: SCRIPT, acts: [approve] },
  page: { script: PAGE_SCRIPT, acts: [approve] },
  data: { script: DATA, acts: [approve] },
  files: { script: SCRIPT, acts: [approve, accept] },
  finished: { script: DOCUMENT, acts: [approve, edit, accept, accept] },
  paused: { script: DOCUMENT, acts: [approve, { act: "pause" }, edit] },
  stopped: { script: DOCUMENT, acts: [approve, accept, { act: "stop" }] },
  exhausted: { script: SCRIPT, acts: [approve, redo, redo, redo] },
  noteacher: { script: DOCUMENT, acts: [approve], options: { pools: () => usualPools().map((pool) => (pool.agent === "worker" ? { ...pool, teachers: [] } : pool)) } },
  consent: { script: SCRIPT, acts: [approve], options: { pools: remote } },
  trouble: {
    script: DOCUMENT, acts: [approve],
    options: { trouble: once("worker", uiError("remote", "llm.example.org did not answer within 60 seconds.", "Check the connection, or let another model do it.")) },
  },
  nosandbox: {
    script: SCRIPT, acts: [approve, accept],
    options: { sandbox: { ready: false, preview: false, problem: uiError("invalid_input", "Scripts cannot be run safely here: bwrap is not installed.", "Install the package bubblewrap and start OpZest again.") } },
  },
  unsaved: {
    script: DOCUMENT,
    acts: [approve, (session) => session.change((view) => (view.unsaved = uiError("disk_full", "The last verdict could not be saved: the disk is full.", "Make room; a few megabytes are enough.")))],
  },
  long: {
    script: DOCUMENT,
    acts: [
      approve,
      (session) =>
        session.change((view) => {
          view.summary.title = `${NAMELESS} and then some ordinary words`;
          view.summary.useCase = NAMELESS;
          view.request = `${"Please write a letter that takes everything into account. ".repeat(80)}\n${NAMELESS}`;
          view.startFiles = [{ name: `${NAMELESS.slice(0, 120)}.md`, text: "old" }, { name: "notes.txt", text: "notes" }];
        }),
    ],
  },
  many: { script: DOCUMENT, acts: [approve, ...Array.from({ length: 60 }, (_, at) => say(`Round ${at + 1}: a little shorter still, and warmer.`))] },
  live: { script: DOCUMENT, acts: [] },
};

function once(agent: Agent, error: UiError): (asked: Agent) => UiError | null {
  let left = true;
  return (asked) => {
    if (asked !== agent || !left) return null;
    left = false;
    return error;
  };
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Gives the demo its sessions; resolves when the scene's state is reached. */
export async function demoSessions(demo: FakeBackend, scene: string): Promise<void> {
  const name = scene.startsWith("session-") ? scene.slice("session-".length) : "";
  const wanted = SCENES[name];
  let instant = true;
  demo.folder = "/home/ana/Documents";
  const pace = (ms: number) => (instant ? Promise.resolve() : wait(ms));
  const made = fakeSessions(demo, { ...wanted?.options, pace, ...(name === "workflows" && { problems: [uiError("invalid_input", "my-poems.toml, line 12, column 3: attempts is 40; give 1 to 20", "Correct the line and start again.")] }) });
  sessionStorage.removeItem("opzest.session");
  if (scene === "empty" || scene === "welcome" || name === "first") return void (instant = false);

  const play = async (script: Script, acts: Step[], age: number) => {
    const session = made.begin(script, { createdAt: Date.now() - age, updatedAt: Date.now() - age });
    await session.work();
    for (const act of acts) {
      if (typeof act === "function") act(session);
      else session.act(act);
      await settle();
    }
    session.change((view) => (view.summary.updatedAt = Date.now() - age));
    return session;
  };
  if (!wanted?.options) {
    const HOUR = 3_600_000;
    await play(PAGE_SCRIPT, [approve], 2 * HOUR);
    await play(SCRIPT, [approve, accept, accept], 26 * HOUR);
    await play(DATA, [approve, { act: "stop" }], 80 * HOUR);
    for (let index = 0; index < 6; index++) await play(DOCUMENT, [approve, accept, accept], (200 + index * 90) * HOUR);
  }
  if (wanted) {
    const session = await play(wanted.script, wanted.acts, 60_000);
    sessionStorage.setItem("opzest.session", session.id);
    if (name === "live") setTimeout(() => session.act(approve), 600);
  }
  instant = false;
  localStorage.setItem("opzest.view", "workshop");
}
