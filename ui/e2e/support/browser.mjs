// Chromium, watched: an error on the page or a request to anywhere but the host fails the test.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

export const ANSWER_MS = 180_000;
/** An answer's text once its renderer is loaded; for a moment before, the page shows the Markdown itself. */
export const RENDERED = ".prose:not(:has(> .raw))";
const DONE = ["complete", "cutByLimit"];

export function launch() {
  return chromium.launch({ executablePath: process.env.OPZEST_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
}

export async function openPage(browser, host, { width = 1180, height = 780, dark = false, motion = "reduce", view = "assistant", path = host.address } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: motion,
    acceptDownloads: true,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  context.setDefaultTimeout(20_000);
  // The view of last time, only where there is none yet: a test may go elsewhere and come back.
  await context.addInitScript((first) => {
    if (localStorage.getItem("opzest.view") === null) localStorage.setItem("opzest.view", first);
  }, view);
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "blob:" && protocol !== "data:" && origin !== host.origin) faults.push(`request: ${request.url()}`);
  });
  if (path) await page.goto(path);
  return {
    page,
    id: (name) => page.getByTestId(name),
    /** Ends the page; fails if anything went wrong on it. */
    async close() {
      await context.close();
      assert.deepEqual(faults, []);
    },
    faults,
  };
}

/** Asks and waits for the whole answer; returns its text. */
export async function ask(page, text) {
  const before = await page.getByTestId("message-assistant").count();
  await page.getByTestId("composer").fill(text);
  await page.getByTestId("send").click();
  await answered(page, before);
  return page.getByTestId("message-assistant").nth(before).locator(RENDERED).innerText();
}

/** Waits until the answer number `index` is there as a whole. */
export async function answered(page, index) {
  const done = DONE.map((status) => `[data-testid=message-assistant][data-status=${status}]`).join(",");
  await page
    .getByTestId("message-assistant")
    .nth(index)
    .and(page.locator(done))
    .waitFor({ timeout: ANSWER_MS });
  await page.getByTestId("send").waitFor();
}
