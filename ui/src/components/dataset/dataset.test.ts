import { flushSync } from "svelte";
import { describe, expect, it } from "vitest";
import { heat } from "../../dev/workbench/texts";
import { click, find, press, show } from "../../lib/test-mount";
import TokenHeatmap from "./TokenHeatmap.svelte";

const token = (text: string, probability: number | null, more: { text: string; p: number }[] = []) => ({
  text, logprob: probability === null ? null : Math.log(probability), tail: probability === null ? null : 0.01,
  top: more.map((one) => ({ text: one.text, logprob: Math.log(one.p) })),
});

describe("token heat map", () => {
  const tokens = [
    token("The", 0.95, [{ text: "The", p: 0.95 }, { text: "A", p: 0.04 }]), token(" cat", 0.03, [{ text: " dog", p: 0.9 }, { text: " cat", p: 0.03 }]),
    token(" sat", 0.6), token("\n", null), token("", 0.01),
  ];
  const current = () => document.querySelector("[data-current]")?.textContent;
  const inspector = () => find("token-inspector")!.textContent!.replace(/\s+/g, " ");

  it("names each token's probability, and not by colour alone", () => {
    show(TokenHeatmap, { tokens, label: "Answer" });
    const options = [...document.querySelectorAll("[role=option]")];
    expect(options.map((one) => one.getAttribute("aria-label"))).toEqual(["The: 95 %", "␣cat: 3.0 %", "␣sat: 60 %", "⏎: not recorded", "∅ (end): 1.0 %"]);
    expect(options.map((one) => one.className.split(" ")[0])).toEqual(["sure", "surprising", "likely", "unknown", "surprising"]);
    expect(find("heatmap")!.textContent).toContain("Surprising 2");
  });

  it("walks by keys and tells what else the model had in mind", () => {
    show(TokenHeatmap, { tokens, label: "Answer" });
    const list = find("heatmap-tokens")!;
    press(list, "ArrowRight");
    expect(inspector()).toContain("token 1 of 5");
    press(list, "n");
    expect(current()).toBe(" cat");
    expect(inspector()).toMatch(/␣dog 90 %.*␣cat 3\.0 %.*everything else 1\.0 %/);
    expect(list.getAttribute("aria-activedescendant")).toBe(document.querySelector("[data-current]")!.id);
    press(list, "End");
    press(list, "ArrowRight");
    press(list, "n");
    expect(current()).toBe(" cat");
    press(list, "N");
    expect(current()).toBe("∅");
    press(list, "Home");
    press(list, "ArrowLeft");
    expect(current()).toBe("The");
    expect(press(list, "Tab").defaultPrevented).toBe(false);
  });

  it("shows the token under the pointer, and the next one of a band from the legend", () => {
    show(TokenHeatmap, { tokens, label: "Answer" });
    document.querySelectorAll("[role=option]")[2]!.dispatchEvent(new Event("pointerover", { bubbles: true }));
    flushSync();
    expect(inspector()).toContain("␣sat 60 %");
    expect(inspector()).toContain("was not recorded");
    const legend = [...document.querySelectorAll<HTMLButtonElement>(".legend button")];
    expect(legend.filter((one) => one.disabled).map((one) => one.textContent!.trim().slice(4, 8))).toEqual(["Open", "Unli"]);
    click(legend[0]!);
    expect(current()).toBe("The");
  });

  it("stays quiet without tokens", () => {
    show(TokenHeatmap, { tokens: [], label: "Answer" });
    press(find("heatmap-tokens")!, "ArrowRight");
    find("heatmap-tokens")!.focus();
    expect(inspector()).toContain("Point at a token");
  });

  it("changes two elements per step, however many tokens there are", async () => {
    show(TokenHeatmap, { tokens: heat(400), label: "Answer" });
    const list = find("heatmap-tokens")!;
    press(list, "End");
    let changed = 0;
    const watch = new MutationObserver((records) => (changed += records.filter((one) => one.target !== list).length));
    watch.observe(list, { subtree: true, attributes: true, childList: true, characterData: true });
    press(list, "ArrowLeft");
    await new Promise((resolve) => queueMicrotask(() => resolve(null)));
    expect(changed).toBe(2);
    watch.disconnect();
  });
});
