// Design mode: the dataset. Scenes: `harvest-empty`, `harvest-errors`, `harvest-many` (100,000 rows), else a few hundred.
import type { FakeBackend } from "../lib/backend/fake";
import { uiError } from "../lib/backend";
import type {
  DatasetStats, ExampleFilter, ExampleSummary, ExampleView, ImportReport, Reason, SideView, TokenView, UseCaseInfo,
} from "../lib/bindings";
import { DRAFT_LETTER, GOOD_LETTER, GOOD_SCRIPT, DRAFT_SCRIPT, ARABIC_WORK } from "./demo-texts";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const HOUR = 3_600_000;

interface Case {
  id: string;
  name: string;
  need: number;
  weight: number;
}
const CASES: readonly Case[] = [
  { id: "letters", name: "Letters and e-mails", need: 30, weight: 11 },
  { id: "scripts", name: "Python helpers", need: 30, weight: 5 },
  { id: "lessons", name: "Interactive lessons for my physics class, third and fourth year", need: 30, weight: 3 },
  { id: "arabic", name: "رسائل", need: 30, weight: 1 },
];

const TITLES: Record<string, readonly string[]> = {
  letters: [
    "Write the whole letter to the landlord about the broken heating, friendly but clear, with a date until when it has to be repaired",
    "Thank Anna for the plants", "Decline the invitation without hurting anybody", "Shorten the complaint to half a page",
  ],
  scripts: ["Read the CSV file and sum the third column", "Rename all photos by the date on which they were taken", "Print the ten most frequent words"],
  lessons: ["A page that shows how a pendulum swings, with a slider for its length", "Explain buoyancy with three questions"],
  arabic: ["اكتب رسالة قصيرة إلى الجيران عن الضوضاء"],
};
const WORDS = [
  "Too stiff. I know him well, and it should sound like me.", "", "The date is missing, and it is far too long: nobody reads a second page of a letter about a radiator.",
  "Better, now only without the last sentence", "It crashes when a line is empty", "",
];
const REASONS: readonly (Reason | null)[] = ["redo", "furtherEdit", null, "error", "handEdit", "redo", null, "furtherEdit"];
const MODELS = ["SmolLM2 360M", "Qwen2.5 1.5B Instruct", "gpt-4.1-mini"];

const pick = <T>(list: readonly T[], index: number): T => {
  const item = list[index % list.length];
  if (item === undefined) throw new Error("an empty list has nothing to pick");
  return item;
};

function caseAt(index: number): Case {
  const spread = CASES.flatMap((one) => Array.from({ length: one.weight }, () => one));
  return pick(spread, (index * 7) % spread.length);
}

function summary(index: number, now: number): ExampleSummary {
  const one = caseAt(index);
  const reason = pick(REASONS, index);
  const pending = index % 13 === 3;
  return {
    id: `row-${index}`, title: pick(TITLES[one.id] ?? [""], index), words: pick(WORDS, index), reason, pending,
    paired: reason !== null && !pending, byHand: reason === "handEdit", edited: index % 17 === 5, traced: index % 3 !== 1,
    scope: index % 9 === 4 ? "communal" : "private", split: Math.floor(index / 6) % 7 === 2 ? "heldOut" : "train",
    useCase: one.name, modelName: index % 23 === 7 ? null : pick(MODELS, Math.floor(index / 3)), createdAt: now - index * 2.3 * HOUR,
  };
}

function matches(row: ExampleSummary, index: number, filter: ExampleFilter): boolean {
  const query = filter.query?.toLowerCase();
  return (
    (!query || `${row.title} ${row.words}`.toLowerCase().includes(query)) &&
    (filter.useCaseId === null || caseAt(index).id === filter.useCaseId) &&
    (filter.sessionId === null || `session-${Math.floor(index / 6)}` === filter.sessionId) &&
    (filter.scope === null || row.scope === filter.scope) &&
    (filter.split === null || row.split === filter.split) &&
    (filter.reason === null || row.reason === filter.reason) &&
    (filter.pending === null || row.pending === filter.pending) &&
    (filter.paired === null || row.paired === filter.paired)
  );
}

function side(text: string, file: string, words: string, modelName: string | null, cycle: number, tracedTokens: number): SideView {
  const reasoning = modelName === null ? "" : "The user wants it friendly but clear. I will name the date, keep one request per sentence and end warmly.";
  return {
    text: reasoning === "" ? text : `<think>\n${reasoning}\n</think>\n\n=== ${file} ===\n${text}\n=== end ===`,
    reasoning, files: [{ name: file, text }], words, modelName, cycle, tracedTokens,
  };
}

function texts(useCase: string): { file: string; good: string; draft: string } {
  if (useCase === "Python helpers") return { file: "main.py", good: GOOD_SCRIPT, draft: DRAFT_SCRIPT };
  if (useCase === "رسائل") return { file: "letter.md", good: ARABIC_WORK, draft: ARABIC_WORK.split("\n").slice(0, 3).join("\n") };
  return { file: "letter.md", good: GOOD_LETTER, draft: DRAFT_LETTER };
}

function view(row: ExampleSummary, index: number): ExampleView {
  const { file, good, draft } = texts(row.useCase);
  const traced = row.traced ? 180 : 0;
  return {
    summary: row,
    prompt: [
      { role: "system", text: "You are the worker. You write the whole new version of the work, between the markers, after thinking it through." },
      { role: "user", text: `Instruction:\n${row.title}\n\nThe work so far:\n=== ${file} ===\n${draft.slice(0, 160)}\n=== end ===` },
    ],
    chosen: row.pending ? null : side(good, file, "", row.byHand ? null : row.modelName, 3, row.byHand ? 0 : traced),
    rejected: row.reason === null ? null : side(draft, file, row.words, row.modelName, 2, traced),
    sessionId: index % 31 === 30 ? null : `session-${Math.floor(index / 6)}`,
    sessionTitle: index % 31 === 30 ? null : `Session about “${row.title.slice(0, 48)}”`,
    useCaseId: caseAt(index).id, overruled: index % 29 === 8, promptVersion: 1,
    workflow: row.useCase === "Python helpers" ? "script" : "document",
  };
}

function tokens(text: string): TokenView[] {
  return text.split(/(?<=\s)|(?=[,.;:()])/).map((part, index) => {
    const logprob = -5 * Math.abs((Math.sin(index * 12.9898) * 43758.5453) % 1) ** 3;
    const p = Math.exp(logprob);
    const rest = 1 - p;
    return {
      text: part, logprob, tail: rest * 0.2,
      top: [{ text: part, logprob }, { text: " the", logprob: Math.log(rest * 0.5 + 1e-9) }, { text: " a", logprob: Math.log(rest * 0.3 + 1e-9) }]
        .sort((a, b) => b.logprob - a.logprob),
    };
  });
}

function statsOf(one: Case, rows: readonly ExampleSummary[]): DatasetStats {
  const own = rows.filter((row) => row.useCase === one.name);
  const done = own.filter((row) => !row.pending);
  const missing = Math.max(0, one.need - done.length);
  const held = done.filter((row) => row.split === "heldOut").length;
  return {
    useCaseId: one.id, useCase: one.name, sessions: Math.ceil(own.length / 6), complete: done.length,
    paired: done.filter((row) => row.paired).length, pending: own.length - done.length, traced: done.filter((row) => row.traced).length,
    heldOut: held, communal: done.filter((row) => row.scope === "communal").length,
    readiness: {
      share: Math.min(1, done.length / one.need), ready: missing === 0,
      words: missing === 0
        ? `${done.length} finished results: enough to train.`
        : `${done.length} of ${one.need} finished results; ${missing} more and you can train.`,
      missing: missing === 0 ? [] : [
        `${missing} more finished results: accept what is good in the Workshop.`,
        ...(held === 0 ? ["One session held out for testing, so that a new model can be judged."] : []),
      ],
    },
  };
}

const REPORT: ImportReport = {
  added: 118, duplicates: 4, bad: 3,
  problems: [
    { line: 17, message: "“chosen” is missing. A row needs prompt and chosen." },
    { line: 52, message: "This line is not JSON: expected `,` or `}` at column 1,204." },
    { line: 96, message: "“prompt” is an empty list. It needs at least one message with a role and a content." },
  ],
};

export function withDataset(demo: FakeBackend, scene: string): FakeBackend {
  const now = Date.now();
  const count = ["harvest-empty", "train-empty", "empty"].includes(scene) ? 0 : scene === "harvest-many" ? 100_000 : 260;
  let rows = Array.from({ length: count }, (_, index) => summary(index, now));
  const indexOf = (id: string) => Number(id.slice(4));
  const find = (id: string) => {
    const row = rows.find((one) => one.id === id);
    if (!row) throw uiError("not_found", "This example is not there any more.", "It may have been deleted in another view.");
    return row;
  };
  const put = (ids: ReadonlySet<string>, change: Partial<ExampleSummary>) => {
    rows = rows.map((row) => (ids.has(row.id) ? { ...row, ...change } : row));
  };
  let useCases: UseCaseInfo[] = CASES.map((one) => ({ id: one.id, name: one.name, sessions: 3, examples: 12 }));
  const fails = scene === "harvest-errors";

  return demo
    .on("dataset_stats", () => {
      if (fails) throw uiError("store", "The examples could not be counted: the database is busy.", "Try again.");
      if (count === 0) return [];
      return CASES.map((one) => statsOf(one, rows));
    })
    .on("list_examples", async ({ filter, after, limit }) => {
      await wait(scene === "harvest-many" ? 25 : 60);
      if (fails && filter.query !== null) throw uiError("store", "The search failed: the index is damaged.", "Open the settings, Data, and press “Check now”.");
      const found = rows.filter((row) => matches(row, indexOf(row.id), filter));
      const start = after === null ? 0 : Number(after);
      const items = found.slice(start, start + limit);
      return {
        items, total: Math.min(found.length, filter.query ? 10_000 : found.length), totalIsLeast: filter.query !== null && found.length > 10_000,
        next: start + limit < found.length ? String(start + limit) : null,
      };
    })
    .on("open_example", async ({ id }) => {
      await wait(30);
      return view(find(id), indexOf(id));
    })
    .on("example_trace", async ({ id, side: which }) => {
      await wait(300);
      if (fails) throw uiError("store", "The probabilities of this text could not be read.", "They may have been removed to save room.");
      const shown = view(find(id), indexOf(id))[which];
      if (!shown || shown.tracedTokens === 0) throw uiError("not_found", "There are no probabilities of this text.");
      return { modelName: shown.modelName ?? "", k: 64, tokens: tokens(shown.text), storedBytes: 40_120 };
    })
    .on("edit_example", async ({ id, side: which, text }) => {
      await wait(250);
      if (text.trim() === "") throw uiError("invalid_input", "The text of an example cannot be empty.", "Delete the example instead.");
      put(new Set([id]), { edited: true, traced: false });
      const changed = view(find(id), indexOf(id));
      const shown = changed[which];
      if (shown) changed[which] = { ...shown, text, files: [{ name: shown.files[0]?.name ?? "work.md", text }], tracedTokens: 0 };
      return changed;
    })
    .on("delete_examples", async ({ ids }) => {
      await wait(400);
      if (fails) throw uiError("disk_full", "The examples could not be deleted: the disk is full.", "Free some room, then try again.");
      const gone = new Set(ids);
      rows = rows.filter((row) => !gone.has(row.id));
      return { deleted: gone.size, remains: gone.size === 1 ? [
        "The accepted text is still in 2 other examples of this step.",
        "The model “Letters and e-mails 2” has learned from it. Delete its training run if it is to go, too.",
      ] : [] };
    })
    .on("mark_examples", async ({ ids, scope, split }) => {
      await wait(200);
      if (scope) put(new Set(ids), { scope });
      if (split) {
        const sessions = new Set(ids.map((id) => Math.floor(indexOf(id) / 6)));
        put(new Set(rows.filter((row) => sessions.has(Math.floor(indexOf(row.id) / 6))).map((row) => row.id)), { split });
      }
      return null;
    })
    .on("export_dataset", async ({ filter, path }) => {
      await wait(900);
      if (fails) throw uiError("disk_full", `${path} could not be written: the disk is full.`, "Choose another place.");
      const found = rows.filter((row) => matches(row, indexOf(row.id), filter));
      const pending = found.filter((row) => row.pending).length;
      return { path, rows: found.length - pending, pending, bytes: (found.length - pending) * 2_900 };
    })
    .on("import_dataset", async ({ path }) => {
      await wait(1200);
      if (fails) throw uiError("invalid_input", `${path} is not a file of examples: it begins with a picture.`, "Choose a .jsonl or .parquet file.");
      return REPORT;
    })
    .on("list_use_cases", () => useCases)
    .on("create_use_case", ({ name }) => {
      const made = { id: `case-${useCases.length}`, name, sessions: 0, examples: 0 };
      useCases = [...useCases, made];
      return made;
    });
}
