// What the shared components think, without a page.
import { describe, expect, it } from "vitest";
import { FakeBackend } from "./backend/fake";
import { duration } from "./format";
import type { StepStatus, Verdict } from "./bindings";
import { edits, firstMovable, headline, type PlanStep } from "./plan";
import { dropIndex, moved } from "./reorder";
import { matchShortcut, SHORTCUTS } from "./shortcuts";
import { App } from "./state/app.svelte";
import { decode, readTextFile } from "./text-file";
import { asPercent, bandOf, probability, visible } from "./tokens";
import { confidence, detectedWords } from "./verdict";
import { BUILT, firstView, VIEWS } from "./views";

describe("views", () => {
  const two = VIEWS.filter((view) => view.id === "workshop" || view.id === "assistant");

  it("opens the view of last time, and the first one where that is unknown or not built", () => {
    expect(firstView("assistant", two)).toBe("assistant");
    for (const other of [null, "", "harvest", "nonsense"]) expect(firstView(other, two)).toBe("workshop");
  });

  it("has keys for exactly the views that are built, also on keyboards that need Shift for digits", () => {
    const ids = SHORTCUTS.flatMap(({ id }) => (id.startsWith("go-") ? [id] : []));
    expect(ids).toEqual(BUILT.map(({ id }) => `go-${id}`));
    const press = { ctrlKey: true, metaKey: false, shiftKey: false, altKey: false };
    for (const view of BUILT) {
      expect(matchShortcut({ ...press, key: view.key })).toBe(`go-${view.id}`);
      expect(matchShortcut({ ...press, key: "&", code: `Digit${view.key}` })).toBe(`go-${view.id}`);
    }
    expect(new Set(VIEWS.map((view) => view.key)).size).toBe(VIEWS.length);
  });

  it("remembers where the user went", () => {
    const last = BUILT.at(-1)!.id;
    new App(new FakeBackend()).go(last);
    expect(localStorage.getItem("opzest.view")).toBe(last);
    expect(new App(new FakeBackend()).view).toBe(last);
  });
});

describe("verdict", () => {
  const of = (verdict: Verdict, redo: number, furtherEdit: number, accepted: number) => ({ verdict, redo, furtherEdit, accepted, reason: "", modelName: "" });
  it("says how sure a detection is, and asks when it is not", () => {
    expect(confidence(of("redo", 0.9, 0.05, 0.05))).toBe("high");
    expect(confidence(of("furtherEdit", 0.2, 0.7, 0.1))).toBe("medium");
    expect(confidence(of("accepted", 0, 0, Number.NaN))).toBe("low");
    expect(detectedWords(of("accepted", 0.3, 0.3, 0.4))).toBe("Do your words mean “Accepted”? Please choose.");
  });
});

describe("plan", () => {
  const plan = (...all: StepStatus[]): PlanStep[] => all.map((status, index) => ({ id: `${index}`, text: `${index}`, status }));
  const rows = [0, 1, 2, 3].map((index) => ({ top: index * 10, bottom: index * 10 + 10 }));

  it("lets only steps move that have not begun, behind those that have", () => {
    expect(firstMovable(plan("done", "skipped", "current", "waiting"))).toBe(3);
    expect(firstMovable(plan("waiting", "waiting"))).toBe(0);
    expect(firstMovable(plan("waiting", "skipped", "waiting"))).toBe(2);
  });

  it("asks for the steps that are not over, and names a step by its beginning", () => {
    expect(edits(plan("done", "current", "skipped", "waiting")).map(({ id }) => id)).toEqual(["1", "3"]);
    expect([headline(" one\ntwo"), headline("x".repeat(80)), headline("")]).toEqual(["one", `${"x".repeat(57)}…`, ""]);
  });

  it("finds the place under the pointer", () => {
    expect([-5, 4, 6, 16, 24, 26, 36, 99].map((y) => dropIndex(rows, 1, y))).toEqual([0, 0, 1, 1, 1, 2, 3, 3]);
    expect(dropIndex(rows, 3, 0, 2)).toBe(2);
    expect(moved(["a", "b", "c", "d"], 3, 1)).toEqual(["a", "d", "b", "c"]);
    expect(moved(["a", "b"], 7, 0)).toEqual(["a", "b"]);
  });
});

describe("tokens", () => {
  it("sorts probabilities into bands, at their borders and beyond", () => {
    const bands = [0.95, 0.9, 0.5, 0.499, 0.2, 0.05, 0.01, 0].map((value) => bandOf(Math.log(value)));
    expect(bands).toEqual(["sure", "sure", "likely", "open", "open", "unlikely", "surprising", "surprising"]);
    expect([null, Number.NaN].map(bandOf)).toEqual(["unknown", "unknown"]);
    // Rounding may leave a logarithm a little above 0.
    expect([probability(0.0001), bandOf(0.0001)]).toEqual([1, "sure"]);
  });

  it("writes percentages that do not lie at the ends", () => {
    expect([1, 0.9999, 0.5, 0.094, 0.0004, 0].map(asPercent)).toEqual(["100 %", "> 99.9 %", "50 %", "9.4 %", "< 0.1 %", "0.0 %"]);
  });

  it("shows white space", () => {
    expect([" the", "\n\n", "a b", "", "\t"].map(visible)).toEqual(["␣the", "⏎⏎", "a b", "∅ (end)", "⇥"]);
  });
});

it("tells long times in minutes", () => {
  expect([900, 8400, 89_999, 120_000, 125_400, 3_600_000].map(duration)).toEqual(["0.9 s", "8.4 s", "90.0 s", "2 min", "2 min 5 s", "60 min"]);
});

describe("text files", () => {
  const utf8 = (text: string) => new TextEncoder().encode(text);

  it("takes UTF-8 as it is, without a byte order mark", () => {
    expect(decode("a.txt", utf8("ä🍋\r\n\tend"))).toBe("ä🍋\r\n\tend");
    expect(decode("a.txt", new Uint8Array([0xef, 0xbb, 0xbf, 0x61]))).toBe("a");
    expect(decode("a.txt", new Uint8Array())).toBe("");
  });

  it.each([
    ["invalid UTF-8", new Uint8Array([0x61, 0xff, 0x62]), "not a text file, or its text is not UTF-8"],
    ["Latin-1", new Uint8Array([0x4d, 0xfc, 0x6c, 0x6c]), "not UTF-8"],
    ["UTF-16", new Uint8Array([0xff, 0xfe, 0x61, 0x00]), "UTF-16"],
    ["zeros", new Uint8Array([0x61, 0x00, 0x62]), "not a text file"],
    ["a picture", new Uint8Array([0x89, 0x50, 0x4e, 0x47]), "not a text file"],
  ])("refuses %s with the reason", (_, content, words) => {
    expect(() => decode("x.bin", content)).toThrow(expect.objectContaining({ message: expect.stringContaining(words) }));
  });

  it("refuses what is too large before reading it, and what cannot be read", async () => {
    const large = new File(["x".repeat(3000)], "big.txt");
    large.arrayBuffer = () => Promise.reject(new Error("must not be read"));
    expect(await readTextFile(large, 2000)).toEqual({ name: "big.txt", error: expect.objectContaining({ message: "“big.txt” has 3 kB. The most that fits is 2 kB." }) });
    const gone = new File([], "folder");
    gone.arrayBuffer = () => Promise.reject(new DOMException("A requested file or directory could not be found"));
    expect(await readTextFile(gone, 2000)).toEqual({ name: "folder", error: expect.objectContaining({ message: "“folder” could not be read." }) });
  });
});
