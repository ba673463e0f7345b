import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";
import type { PlanStep, StepState } from "../../lib/plan";
import { all, click, find, press, see, show, write } from "../../lib/test-mount";
import AttemptBadge from "./AttemptBadge.svelte";
import PlanCards from "./PlanCards.svelte";
import VerdictPicker from "./VerdictPicker.svelte";
import WhoWorked from "./WhoWorked.svelte";

describe("verdict", () => {
  const detected = { verdict: "redo" as const, probabilities: { redo: 0.91, furtherEdit: 0.06, accepted: 0.03 } };

  it("shows what was detected with its probabilities, and is overruled by one click", () => {
    const onchoose = vi.fn();
    const onundo = vi.fn();
    show(VerdictPicker, { detected, chosen: "redo", onchoose, onundo });
    expect(find("verdict-words")!.textContent).toContain("Your words mean “Redo”.");
    expect(["redo", "furtherEdit", "accepted"].map((one) => find(`verdict-${one}`)!.getAttribute("aria-pressed"))).toEqual(["true", "false", "false"]);
    expect(find("verdict-redo")!.textContent).toContain("91 %");
    click(find("verdict-accepted"));
    expect(onchoose.mock.calls).toEqual([["accepted"]]);
    click(find("verdict-undo"));
    expect(onundo).toHaveBeenCalledOnce();
  });

  it("says that the user decided otherwise", () => {
    show(VerdictPicker, { detected, chosen: "accepted", onchoose: () => {} });
    expect(find("verdict-words")!.textContent).toContain("You chose “Accepted” instead of “Redo”.");
    expect(find("verdict-undo")).toBeNull();
  });

  it("cannot be given while the words are read, or where a verdict makes no sense", () => {
    show(VerdictPicker, { detected: null, chosen: null, analysing: true, onchoose: () => {} });
    show(VerdictPicker, { detected: null, chosen: null, possible: ["redo"], onchoose: () => {}, testid: "some" });
    const enabled = (id: string) => ["redo", "furtherEdit", "accepted"].filter((one) => !find<HTMLButtonElement>(`${id}-${one}`)!.disabled);
    expect([enabled("verdict"), enabled("some")]).toEqual([[], ["redo"]]);
  });
});

describe("plan", () => {
  const step = (id: string, state: StepState = "waiting"): PlanStep => ({ id, title: `Title ${id}`, text: `Text ${id}`, state });
  const steps = [step("a", "done"), step("b", "current"), step("c"), step("d"), step("e")];

  function plan(more: Record<string, unknown> = {}) {
    const on = { onedit: vi.fn(), onadd: vi.fn(), ondelete: vi.fn(), onmove: vi.fn(), onskip: vi.fn() };
    show(PlanCards, { steps, ...on, ...more });
    return on;
  }
  const card = (id: string) => document.querySelector<HTMLElement>(`[data-step="${id}"]`)!;
  const inside = (id: string, what: string) => card(id).querySelector<HTMLElement>(`[data-testid="${what}"]`);

  it("tells each step's place and state, and lets only those be changed that have not begun", () => {
    plan();
    expect(card("b").textContent).toContain("Step 2 of 5, In work:");
    expect(card("b").getAttribute("aria-current")).toBe("step");
    expect(steps.map(({ id }) => inside(id, "step-edit") !== null)).toEqual([false, false, true, true, true]);
    expect(steps.map(({ id }) => inside(id, "step-menu") !== null)).toEqual([false, true, true, true, true]);
  });

  it("changes a step: Enter saves, Escape leaves it as it was, an empty title is refused", async () => {
    const { onedit } = plan();
    click(inside("c", "step-edit"));
    write(inside("c", "step-title")!, "");
    press(inside("c", "step-title")!, "Enter");
    expect(onedit).not.toHaveBeenCalled();
    write(inside("c", "step-title")!, " New ");
    write(inside("c", "step-text")!, "more");
    press(inside("c", "step-title")!, "Enter");
    expect(onedit.mock.calls).toEqual([["c", { title: "New", text: "more" }]]);
    await vi.waitFor(() => expect(document.activeElement === inside("c", "step-edit")).toBe(true));
    click(inside("d", "step-edit"));
    write(inside("d", "step-title")!, "Nope");
    press(inside("d", "step-title")!, "Escape");
    expect([onedit.mock.calls.length, card("d").textContent!.includes("Title d")]).toEqual([1, true]);
  });

  it("adds, removes and skips", async () => {
    const { onadd, ondelete, onskip } = plan();
    click(find("plan-add"));
    write(await see("step-title"), "Last");
    click(find("step-save"));
    expect(onadd.mock.calls).toEqual([[{ title: "Last", text: "" }]]);
    click(inside("d", "step-menu"));
    click(await see("step-delete"));
    expect(ondelete.mock.calls).toEqual([["d"]]);
    click(inside("b", "step-menu"));
    click(await see("step-skip"));
    expect(onskip.mock.calls).toEqual([["b"]]);
  });

  it("moves by the arrow keys of the handle, never before what has begun, and says so", async () => {
    const { onmove } = plan();
    press(inside("c", "step-grip")!, "ArrowUp");
    press(inside("e", "step-grip")!, "ArrowDown");
    expect(onmove).not.toHaveBeenCalled();
    press(inside("d", "step-grip")!, "ArrowUp");
    expect(onmove.mock.calls).toEqual([["d", 2]]);
    expect(document.querySelector("[role=status]")!.textContent).toBe("“Title d” is now step 3 of 5.");
    await tick();
  });

  it("moves by dragging; Escape puts it back", () => {
    const { onmove } = plan();
    for (const [index, { id }] of steps.entries()) {
      card(id).getBoundingClientRect = () => ({ top: index * 50, bottom: index * 50 + 50 }) as DOMRect;
    }
    const drag = (id: string, y: number, end: () => void) => {
      const grip = inside(id, "step-grip")!;
      grip.setPointerCapture = () => {};
      const event = (name: string, at: number) => grip.dispatchEvent(new MouseEvent(name, { bubbles: true, cancelable: true, clientY: at }));
      event("pointerdown", 0);
      event("pointermove", y);
      end();
      event("pointerup", y);
    };
    drag("c", 240, () => press(window, "Escape"));
    expect(onmove).not.toHaveBeenCalled();
    drag("c", 240, () => {});
    drag("e", 10, () => {});
    expect(onmove.mock.calls).toEqual([["c", 4], ["e", 2]]);
  });

  it("is only shown where it is for reading", () => {
    plan({ readonly: true });
    expect([find("plan-add"), ...all("step-edit"), ...all("step-menu"), ...all("step-grip")]).toEqual([null]);
  });
});

describe("who worked", () => {
  it("says where a model ran, what it followed, and how it went", () => {
    show(WhoWorked, { model: "big", place: "remote", host: "llm.example", switchedFrom: "small", attempt: 2, attempts: 3, ms: 2100, tokens: 1234, tokensPerSecond: 88, traced: false });
    const text = find("who-worked")!.textContent!.replace(/\s+/g, " ");
    for (const part of ["Instead of small", "big", "at llm.example", "Attempt 2 of 3", "2.1 s · 1,234 tokens · 88 tokens/s · without probabilities"]) expect(text).toContain(part);
  });

  it("knows the user's own hand, and marks the last attempt", () => {
    show(WhoWorked, { model: null });
    show(AttemptBadge, { attempt: 3, of: 3 });
    expect(find("who-worked")!.textContent).toContain("You, by hand");
    expect(find("attempt")!.classList).toContain("last");
  });
});
