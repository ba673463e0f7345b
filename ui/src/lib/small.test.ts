// The small pure parts: numbers, keys, places, scrolling, the slice, and the two copies of the dark tokens.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { segments } from "./citrus";
import { bytes, memory, percent, seconds, speed, whole } from "./format";
import { place } from "./place";
import { keysOf, matchShortcut, SHORTCUTS } from "./shortcuts";
import { StickToBottom } from "./stick";

it("writes numbers as people read them", () => {
  expect([bytes(271e6), bytes(1.29e9), bytes(10)]).toEqual(["271 MB", "1.3 GB", "1 kB"]);
  expect([memory(600), memory(5230)]).toEqual(["600 MB", "5.1 GB"]);
  expect([speed(7.25), speed(23.4), whole(4096), percent(1, 3), percent(1, 0), percent(9, 3)]).toEqual(["7.3", "23", "4,096", 33, 0, 100]);
  expect([seconds(640), seconds(12_340)]).toEqual(["0.64 s", "12.3 s"]);
});

describe("shortcuts", () => {
  const press = (key: string, more = {}) => ({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });

  it("match with Ctrl or Cmd, whatever Shift does to a sign", () => {
    expect(matchShortcut(press("n", { ctrlKey: true }))).toBe("new");
    expect(matchShortcut(press("K", { metaKey: true }))).toBe("search");
    expect(matchShortcut(press("C", { ctrlKey: true, shiftKey: true }))).toBe("copyLast");
    expect(matchShortcut(press("/", { ctrlKey: true, shiftKey: true }))).toBe("shortcuts");
    expect(matchShortcut(press("Escape"))).toBe("escape");
  });

  it("leave ordinary typing and the system's copying alone", () => {
    expect(matchShortcut(press("n"))).toBeNull();
    expect(matchShortcut(press("c", { ctrlKey: true }))).toBeNull();
    expect(matchShortcut(press("n", { ctrlKey: true, altKey: true }))).toBeNull();
    expect(matchShortcut(press("n", { ctrlKey: true, shiftKey: true }))).toBeNull();
  });

  it("are written as the keyboard has them", () => {
    const copy = SHORTCUTS.find((entry) => entry.id === "copyLast")!;
    expect(keysOf(copy, false)).toEqual(["Ctrl", "Shift", "C"]);
    expect(keysOf(copy, true)).toEqual(["⌘", "⇧", "C"]);
  });
});

describe("place", () => {
  const view = { width: 800, height: 600 };

  it("goes below, above when there is more room, and never leaves the window", () => {
    const anchor = { left: 100, right: 140, top: 40, bottom: 60 };
    expect(place(anchor, { width: 200, height: 300 }, view)).toEqual({ left: 100, top: 66, maxHeight: 526 });
    const low = { left: 760, right: 790, top: 560, bottom: 580 };
    expect(place(low, { width: 200, height: 300 }, view)).toMatchObject({ left: 592, top: 254 });
    expect(place(low, { width: 2000, height: 10 }, view).left).toBe(8);
    expect(place(anchor, { width: 40, height: 10 }, view, "end").left).toBe(100);
  });
});

describe("StickToBottom", () => {
  function area(height: number) {
    return { scrollTop: 0, scrollHeight: height, clientHeight: 100 } as HTMLElement & { scrollTop: number; scrollHeight: number };
  }

  it("stays at the end until the reader scrolls up, and sticks again at the end", () => {
    const seen: boolean[] = [];
    const box = area(500);
    const stick = new StickToBottom(box, (stuck) => seen.push(stuck));
    stick.grown();
    expect(box.scrollTop).toBe(500);
    box.scrollTop = 200;
    stick.scrolled();
    Object.assign(box, { scrollHeight: 600 });
    stick.grown();
    expect([box.scrollTop, seen]).toEqual([200, [false]]);
    box.scrollTop = 490;
    stick.scrolled();
    expect([stick.stuck, seen]).toEqual([true, [false, true]]);
  });

  it("does not take shrinking text for a reader", () => {
    const box = area(500);
    const stick = new StickToBottom(box, () => {});
    stick.grown();
    Object.assign(box, { scrollHeight: 300, scrollTop: 100 });
    stick.scrolled();
    expect(stick.stuck).toBe(true);
  });

  it("jumps back", () => {
    const box = area(500);
    const stick = new StickToBottom(box, () => {});
    stick.grown();
    box.scrollTop = 10;
    stick.scrolled();
    stick.jump();
    expect([stick.stuck, box.scrollTop]).toEqual([true, 500]);
  });
});

it("cuts a slice into closed segments that do not touch", () => {
  const paths = segments(8, 8.4, 1.5);
  expect(new Set(paths).size).toBe(8);
  for (const path of paths) expect(path).toMatch(/^M[\d.-]+ [\d.-]+L.*A8\.4 8\.4 0 0 1 .*Z$/);
});

it("shows the licences of exactly the packages that are installed", () => {
  const current = execFileSync(process.execPath, ["scripts/licences.mjs", "--print"], { encoding: "utf8" });
  expect(readFileSync(`${process.cwd()}/public/licences.txt`, "utf8")).toBe(current);
});

it("has the same dark colours for “dark” and for “like the system”", () => {
  const css = readFileSync(`${process.cwd()}/src/styles/tokens.css`, "utf8");
  const block = (start: string) => {
    const from = css.indexOf("{", css.indexOf(start)) + 1;
    return css.slice(from, css.indexOf("}", from)).split("\n").map((line) => line.trim()).filter(Boolean);
  };
  expect(block(":root:not([data-theme])")).toEqual(block(':root[data-theme="dark"]'));
  expect(block(':root[data-theme="dark"]').length).toBeGreaterThan(20);
});
