import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Notices } from "./notices.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("shows a message for a while, the same one only once, and at most three", () => {
  const notices = new Notices();
  notices.say("a");
  vi.advanceTimersByTime(3000);
  notices.say("a");
  vi.advanceTimersByTime(3000);
  expect(notices.items.map((notice) => notice.text)).toEqual(["a"]);
  for (const text of ["b", "c", "d"]) notices.say(text);
  expect(notices.items.map((notice) => notice.text)).toEqual(["b", "c", "d"]);
  vi.advanceTimersByTime(5000);
  expect(notices.items).toEqual([]);
});
