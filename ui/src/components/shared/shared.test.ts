import { flushSync } from "svelte";
import { describe, expect, it, vi } from "vitest";
import { BUILT, VIEWS } from "../../lib/views";
import { Pages } from "../../lib/state/pages.svelte";
import { all, click, find, press, see, show, words, write } from "../../lib/test-mount";
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
    expect(VIEWS.map(({ id }) => find(`go-${id}`)!.getAttribute("aria-current"))).toEqual([null, "page", null, null]);
    expect(find("go-workshop")!.textContent).toContain("working");
    click(find("go-teachers"));
    expect(ongo.mock.calls).toEqual([["teachers"]]);
    expect(BUILT.every((view) => find(`go-${view.id}`)!.dataset.tip!.includes(view.key))).toBe(true);
  });
});

describe("virtual list", () => {
  const load = vi.fn(async (offset: number, limit: number) => ({ total: 100_000, items: Array.from({ length: limit }, (_, index) => `row ${offset + index}`) }));
  const row = words((item: string) => item);

  it("draws only what is in view, of 100,000 rows", async () => {
    const pages = new Pages(load);
    show(VirtualList, { pages, label: "Rows", row });
    await vi.waitFor(() => {
      flushSync();
      expect(document.querySelectorAll("[role=option]").length).toBeGreaterThan(1);
    });
    expect(document.querySelectorAll("[role=option]").length).toBeLessThan(40);
    const first = document.querySelector("[role=option]")!;
    expect([first.getAttribute("aria-setsize"), first.getAttribute("aria-posinset")]).toEqual(["100000", "1"]);
    expect(load.mock.calls).toEqual([[0, 100]]);
  });

  it("walks, selects and opens by keys", async () => {
    const onselect = vi.fn();
    const onopen = vi.fn();
    const pages = new Pages(load);
    pages.show(0, 1);
    await vi.waitFor(() => expect(pages.ready).toBe(true));
    show(VirtualList, { pages, label: "Rows", row, onselect, onopen });
    const list = find("rows-list")!;
    press(list, "ArrowDown");
    press(list, "ArrowDown");
    press(list, "Enter");
    expect(onopen.mock.calls).toEqual([[1, "row 1"]]);
    press(list, "ArrowUp");
    press(list, "ArrowUp");
    expect(onselect.mock.calls.map(([index]) => index)).toEqual([0, 1, 0, 0]);
    press(list, "End");
    expect(onselect.mock.lastCall).toEqual([99_999, undefined]);
    expect(press(list, "Tab").defaultPrevented).toBe(false);
  });

  it("shows an empty state, and an error with a way to try again", async () => {
    let fail = true;
    const pages = new Pages<string>(async () => {
      if (fail) throw new Error("no store");
      return { items: [], total: 0 };
    });
    show(VirtualList, { pages, label: "Rows", row, empty: words(() => "Nothing yet") });
    expect((await see("rows-error")).textContent).toContain("no store");
    fail = false;
    click(find("retry"));
    await vi.waitFor(() => {
      flushSync();
      expect(find("rows")!.textContent).toContain("Nothing yet");
    });
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
  it("says in words what is missing, and when it is enough", () => {
    const unit = { one: "example", many: "examples" };
    show(Meter, { label: "My e-mails", parts: [{ label: "Examples", have: 199, need: 200, unit }] });
    show(Meter, { label: "Python", parts: [{ label: "Examples", have: 200, need: 200, unit }], testid: "full" });
    expect(find("meter-words")!.textContent).toBe("1 more example to train.");
    expect(document.querySelector("[role=meter]")!.getAttribute("aria-valuenow")).toBe("99");
    expect(find("full-words")!.textContent).toBe("Enough to train.");
  });
});
