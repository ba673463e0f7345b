import { flushSync } from "svelte";
import { describe, expect, it, vi } from "vitest";
import { BUILT, VIEWS } from "../../lib/views";
import { Rows } from "../../lib/state/rows.svelte";
import { all, click, find, PATIENCE, press, see, show, words, write } from "../../lib/test-mount";
import Disclosure from "./Disclosure.svelte";
import FileDrop from "./FileDrop.svelte";
import FilterBar from "./FilterBar.svelte";
import Meter from "./Meter.svelte";
import NavRail from "./NavRail.svelte";
import SplitPane from "./SplitPane.svelte";
import Tabs from "./Tabs.svelte";
import VirtualList from "./VirtualList.svelte";

describe("rail", () => {
  it("marks the view that is open, and those where something works", () => {
    const ongo = vi.fn();
    show(NavRail, { views: VIEWS, current: "harvest", busy: ["workshop"], ongo, onsettings: () => {} });
    expect(VIEWS.map(({ id }) => find(`go-${id}`)!.getAttribute("aria-current"))).toEqual([null, "page", null, null, null]);
    expect(find("go-workshop")!.textContent).toContain("working");
    click(find("go-teachers"));
    expect(ongo.mock.calls).toEqual([["teachers"]]);
    expect(BUILT.every((view) => find(`go-${view.id}`)!.dataset.tip!.includes(view.key))).toBe(true);
  });
});

describe("virtual list", () => {
  const load = async (after: string | null, limit: number) => ({
    total: 100_000, next: `${Number(after) + limit}`, items: Array.from({ length: limit }, (_, index) => `row ${Number(after) + index}`),
  });
  const row = words((item: string) => item);

  it("reads and draws only what is in view, of 100,000 rows", async () => {
    const asked = vi.fn(load);
    show(VirtualList, { rows: new Rows(asked), label: "Rows", row });
    await vi.waitFor(() => {
      flushSync();
      expect(document.querySelectorAll("[role=option]").length).toBeGreaterThan(1);
    }, PATIENCE);
    expect(document.querySelectorAll("[role=option]").length).toBeLessThan(40);
    const first = document.querySelector("[role=option]")!;
    expect([first.getAttribute("aria-setsize"), first.getAttribute("aria-posinset")]).toEqual(["100000", "1"]);
    expect(asked.mock.calls).toEqual([[null, 100]]);
  });

  it("walks, selects and opens by keys", async () => {
    const onselect = vi.fn();
    const onopen = vi.fn();
    const rows = new Rows(load);
    await rows.upTo(0);
    show(VirtualList, { rows, label: "Rows", row, onselect, onopen });
    const list = find("rows-list")!;
    press(list, "ArrowDown");
    press(list, "ArrowDown");
    press(list, "Enter");
    expect(onopen.mock.calls).toEqual([["row 1", 1]]);
    press(list, "ArrowUp");
    press(list, "ArrowUp");
    expect(onselect.mock.calls.map(([, index]) => index)).toEqual([0, 1, 0, 0]);
    press(list, "End");
    expect(onselect.mock.lastCall).toEqual(["row 99", 99]);
    expect(press(list, "Tab").defaultPrevented).toBe(false);
  });

  it("shows an empty state, and an error with a way to try again", async () => {
    let fail = true;
    const rows = new Rows<string>(async () => {
      if (fail) throw new Error("no store");
      return { items: [], total: 0, next: null };
    });
    show(VirtualList, { rows, label: "Rows", row, empty: words(() => "Nothing yet") });
    expect((await see("rows-error")).textContent).toContain("no store");
    fail = false;
    click(find("retry"));
    await vi.waitFor(() => {
      flushSync();
      expect(find("rows")!.textContent).toContain("Nothing yet");
    }, PATIENCE);
    expect(find("rows-error")).toBeNull();
  });
});

describe("filter bar", () => {
  it("searches after a pause, at once with Enter, and clears with Escape", () => {
    vi.useFakeTimers();
    const onquery = vi.fn();
    const ontoggle = vi.fn();
    show(FilterBar, { label: "Search", query: "", groups: [{ label: "Verdict", chips: [{ id: "redo", label: "Redo", active: true, count: 1200 }] }], onquery, ontoggle, onclear: () => {} });
    const field = find<HTMLInputElement>("filter-query")!;
    write(field, "le");
    write(field, "lem");
    expect(onquery).not.toHaveBeenCalled();
    vi.advanceTimersByTime(200);
    write(field, "lemon");
    press(field, "Enter");
    press(field, "Escape");
    vi.advanceTimersByTime(1000);
    expect(onquery.mock.calls).toEqual([["lem"], ["lemon"], [""]]);
    expect(field.value).toBe("");
    expect(find("filter-redo")!.textContent).toContain("1,200");
    expect(find("filter-redo")!.getAttribute("aria-pressed")).toBe("true");
    click(find("filter-redo"));
    expect(ontoggle.mock.calls).toEqual([["redo"]]);
    expect(find("filter-clear")).not.toBeNull();
    vi.useRealTimers();
  });
});

describe("tabs", () => {
  it("walks with arrows, around the ends, past what is disabled", () => {
    show(Tabs, { label: "Result", tabs: [{ id: "a", label: "A" }, { id: "b", label: "B", disabled: true }, { id: "c", label: "C" }], selected: "a", panel: words((id: string) => `panel ${id}`) });
    const list = document.querySelector("[role=tablist]")!;
    const open = () => document.querySelector("[role=tabpanel]")!.textContent!.trim();
    press(list, "ArrowRight");
    expect([open(), document.activeElement]).toEqual(["panel c", find("tabs-c")]);
    press(list, "ArrowRight");
    expect(open()).toBe("panel a");
    press(list, "End");
    expect(open()).toBe("panel c");
    expect([...list.querySelectorAll("button")].map((one) => one.tabIndex)).toEqual([-1, -1, 0]);
  });
});

describe("split pane", () => {
  it("moves by keys within its limits and remembers the place", () => {
    const props = { label: "Two", first: words(() => "one"), second: words(() => "two"), remember: "test" };
    show(SplitPane, { ...props, ratio: 0.4 });
    const bar = find("split-bar")!;
    const now = () => bar.getAttribute("aria-valuenow");
    press(bar, "ArrowRight");
    expect([now(), localStorage.getItem("opzest.split.test")]).toEqual(["42", "0.420"]);
    press(bar, "Home");
    press(bar, "ArrowLeft");
    expect(now()).toBe("0");
    press(bar, "Enter");
    expect(now()).toBe("40");
    press(bar, "ArrowRight");
    show(SplitPane, { ...props, testid: "again" });
    expect(find("again-bar")!.getAttribute("aria-valuenow")).toBe("42");
  });
});

describe("disclosure", () => {
  it("holds nothing until it is opened", () => {
    show(Disclosure, { title: "Reasoning", text: "because" });
    expect(document.body.textContent).not.toContain("because");
    click(document.querySelector("button"));
    expect(find("disclosure-area")!.textContent).toBe("because");
    expect(document.querySelector("button")!.getAttribute("aria-expanded")).toBe("true");
  });
});

describe("file drop", () => {
  const give = (...files: File[]) => {
    const event = new Event("drop", { bubbles: true, cancelable: true }) as DragEvent;
    Object.defineProperty(event, "dataTransfer", { value: { files, types: ["Files"] } });
    document.querySelector(".zone")!.dispatchEvent(event);
    return event;
  };

  it("takes what is text and says of the rest why not", async () => {
    const onfiles = vi.fn();
    show(FileDrop, { onfiles, maxBytes: 1000 });
    const event = give(new File(["hello"], "a.txt"), new File([new Uint8Array([0xff, 0x00])], "b.bin"), new File(["x".repeat(2000)], "c.txt"));
    expect(event.defaultPrevented).toBe(true);
    await vi.waitFor(() => {
      flushSync();
      expect(all("file-drop-error").map((one) => one.querySelector(".message")!.textContent)).toEqual([
        "“b.bin” is not a text file, or its text is not UTF-8.", "“c.txt” has 2 kB. The most that fits is 1 kB.",
      ]);
    });
    expect(onfiles.mock.calls).toEqual([[[{ name: "a.txt", text: "hello", bytes: 5 }]]]);
    click([...document.querySelectorAll<HTMLElement>("button")].find((one) => one.textContent!.includes("Dismiss"))!);
    expect(all("file-drop-error")).toHaveLength(1);
  });

  it("takes only the first where one is wanted", async () => {
    const onfiles = vi.fn();
    show(FileDrop, { onfiles, multiple: false });
    give(new File(["1"], "1.txt"), new File(["2"], "2.txt"));
    await vi.waitFor(() => expect(onfiles).toHaveBeenCalledOnce());
    expect(onfiles.mock.calls[0]![0]).toHaveLength(1);
    expect((await see("file-drop-error")).textContent).toContain("Only one file fits here");
  });
});

describe("meter", () => {
  it("says in words what is missing, and is full only when it is ready", () => {
    const words = "29 of 30 finished results; one more and you can train.";
    show(Meter, { label: "My e-mails", readiness: { share: 0.999, ready: false, words, missing: ["One more finished result."] } });
    show(Meter, { label: "Python", readiness: { share: 1, ready: true, words: "Enough.", missing: [] }, testid: "full" });
    expect(find("meter-words")!.textContent).toBe(words);
    expect(find("meter")!.querySelector("li")!.textContent).toBe("One more finished result.");
    expect([...document.querySelectorAll("[role=meter]")].map((one) => one.getAttribute("aria-valuenow"))).toEqual(["99", "100"]);
  });
});
