import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";
import type { StepStatus } from "../../lib/bindings";
import type { PlanStep } from "../../lib/plan";
import { all, click, find, press, see, show, write } from "../../lib/test-mount";
import AttemptBadge from "./AttemptBadge.svelte";
import PlanCards from "./PlanCards.svelte";
import VerdictPicker from "./VerdictPicker.svelte";
import WhoWorked from "./WhoWorked.svelte";

describe("verdict", () => {
  const detected = { verdict: "redo" as const, redo: 0.91, furtherEdit: 0.06, accepted: 0.03, reason: "It is wrong.", modelName: "Tiny" };

  it("shows what was detected with its probabilities, and is overruled by one click", () => {
    const onchoose = vi.fn();
    const onundo = vi.fn();
    show(VerdictPicker, { detected, chosen: "redo", onchoose, onundo });
    expect(find("verdict-words")!.textContent).toContain("Your words mean “Redo”.");
    expect(["redo", "furtherEdit", "accepted"].map((one) => find(`verdict-${one}`)!.getAttribute("aria-pressed"))).toEqual(["true", "false", "false"]);
    expect(find("verdict-redo")!.textContent).toContain("91 %");
    expect(find("verdict")!.textContent).toContain("It is wrong.");
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
  const step = (id: string, status: StepStatus = "waiting"): PlanStep => ({ id, text: `Text ${id}`, status });
  const steps = [step("a", "done"), step("b", "current"), step("c"), step("d"), step("e")];
  const plan = (...ids: string[]) => ids.map((id) => ({ id, text: `Text ${id}` }));

  function cards(more: Record<string, unknown> = {}) {
    const on = { onplan: vi.fn(), onskip: vi.fn() };
    show(PlanCards, { steps, ...on, ...more });
    return on;
  }
  const card = (id: string) => document.querySelector<HTMLElement>(`[data-step="${id}"]`)!;
  const inside = (id: string, what: string) => card(id).querySelector<HTMLElement>(`[data-testid="${what}"]`);

  it("tells each step's place and state, and lets only those be changed that have not begun", () => {
    cards();
    expect(card("b").textContent).toContain("Step 2 of 5, In work:");
    expect(card("b").getAttribute("aria-current")).toBe("step");
    expect(steps.map(({ id }) => inside(id, "step-edit") !== null)).toEqual([false, true, true, true, true]);
    expect(steps.map(({ id }) => inside(id, "step-menu") !== null)).toEqual([false, true, true, true, true]);
  });

  it("changes a step: Enter saves, Escape leaves it as it was, an empty one is refused", async () => {
    const { onplan } = cards();
    click(inside("c", "step-edit"));
    write(inside("c", "step-text")!, " ");
    press(inside("c", "step-text")!, "Enter");
    write(inside("c", "step-text")!, "New\nlines ");
    press(inside("c", "step-text")!, "Enter", { shiftKey: true });
    press(inside("c", "step-text")!, "Enter", { isComposing: true });
    expect(onplan).not.toHaveBeenCalled();
    press(inside("c", "step-text")!, "Enter");
    const wanted = plan("b", "c", "d", "e");
    wanted[1]!.text = "New\nlines";
    expect(onplan.mock.calls).toEqual([[wanted]]);
    await vi.waitFor(() => expect(document.activeElement === inside("c", "step-edit")).toBe(true));
    click(inside("d", "step-edit"));
    write(inside("d", "step-text")!, "Nope");
    press(inside("d", "step-text")!, "Escape");
    expect([onplan.mock.calls.length, card("d").textContent!.includes("Text d")]).toEqual([1, true]);
  });

  it("adds, removes, and skips what is in work", async () => {
    const { onplan, onskip } = cards();
    click(find("plan-add"));
    write(await see("step-text"), "Last");
    click(find("step-save"));
    click(inside("d", "step-menu"));
    click(await see("step-delete"));
    expect(onplan.mock.calls).toEqual([[[...plan("b", "c", "d", "e"), { id: null, text: "Last" }]], [plan("b", "c", "e")]]);
    click(inside("b", "step-menu"));
    expect(find("step-delete")).toBeNull();
    click(await see("step-skip"));
    expect(onskip).toHaveBeenCalledOnce();
  });

  it("moves by the arrow keys of the handle, never before what has begun, and says so", async () => {
    const { onplan } = cards();
    press(inside("c", "step-grip")!, "ArrowUp");
    press(inside("e", "step-grip")!, "ArrowDown");
    expect(onplan).not.toHaveBeenCalled();
    press(inside("d", "step-grip")!, "ArrowUp");
    expect(onplan.mock.calls).toEqual([[plan("b", "d", "c", "e")]]);
    expect(document.querySelector("[role=status]")!.textContent).toBe("“Text d” is now step 3 of 5.");
    await tick();
  });

  it("moves by dragging; Escape puts it back", () => {
    const { onplan } = cards();
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
    expect(onplan).not.toHaveBeenCalled();
    drag("c", 240, () => {});
    drag("e", 10, () => {});
    expect(onplan.mock.calls).toEqual([[plan("b", "d", "e", "c")], [plan("b", "e", "c", "d")]]);
  });

  it("is only shown where it is for reading", () => {
    cards({ readonly: true });
    expect([find("plan-add"), ...all("step-edit"), ...all("step-menu"), ...all("step-grip")]).toEqual([null]);
  });
});

describe("who worked", () => {
  it("says where a model ran, what it followed, and how it went", () => {
    const by = { modelId: "big", modelName: "big", remote: true, seconds: 2.1, tokens: 1234 };
    show(WhoWorked, { by, host: "llm.example", took: { from: "small", cause: "failures" }, attempt: 2, attempts: 3, traced: false });
    const text = find("who-worked")!.textContent!.replace(/\s+/g, " ");
    for (const part of ["Instead of small", "big", "at llm.example", "Attempt 2 of 3", "after its last attempt", "2.1 s · 1,234 tokens · 588 tokens/s · without probabilities"]) expect(text).toContain(part);
  });

  it("knows the user's own hand, and marks the last attempt", () => {
    show(WhoWorked, { by: null });
    show(AttemptBadge, { attempt: 3, of: 3 });
    expect(find("who-worked")!.textContent).toContain("You, by hand");
    expect(find("attempt")!.classList).toContain("last");
  });
});
