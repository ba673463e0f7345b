// The shared components by themselves, under the window's content security policy: axe in light, dark and narrow, the
// keyboard where a unit test cannot see it (focus, scrolling, the editor), and what is large. Needs no host.
import assert from "node:assert/strict";
import axe from "axe-core";
import { after, before, test } from "node:test";
import { launch, openPage } from "./support/browser.mjs";
import { startWorkbench } from "./support/workbench.mjs";

const PARTS = ["editor", "diff", "tokens", "session", "data", "layout"];
let browser, bench;
before(async () => {
  [browser, bench] = await Promise.all([launch(), startWorkbench()]);
});
after(async () => {
  await browser?.close();
  await bench?.stop();
});

async function open(part, { more = "", ...options } = {}) {
  const shown = await openPage(browser, bench, { path: bench.at(part, more), height: 1000, ...options });
  await shown.id("workbench").waitFor();
  if (part === "editor" || part === "diff") await shown.page.locator(".cm-content").first().waitFor();
  return shown;
}

async function check(page, what) {
  await page.evaluate(axe.source);
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))));
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
  assert.deepEqual(told, [], `axe on ${what}`);
}

for (const part of PARTS) {
  for (const dark of [false, true]) {
    test(`${part}, ${dark ? "dark" : "light"}`, async () => {
      const { page, close } = await open(part, { dark });
      await check(page, part);
      await close();
    });
  }
  test(`${part}, in a window of 420 pixels`, async () => {
    const { page, close } = await open(part, { width: 420, height: 740 });
    const overflow = await page.getByTestId("workbench").evaluate((main) => main.scrollWidth - main.clientWidth);
    assert.ok(overflow <= 0, `${part} is ${overflow} pixels too wide`);
    await check(page, `${part}, narrow`);
    await close();
  });
}

test("the editor: writing, Tab, leaving, searching, jumping to a line", async () => {
  const { page, id, close } = await open("editor");
  const length = async () => Number(await id("length").innerText());
  const before = await length();
  await id("code").click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("x");
  await page.keyboard.press("Tab");
  assert.equal(await length(), before + 5);
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+s");
  assert.equal(await id("saved").innerText(), "1");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("data-testid")), "reveal");
  await page.keyboard.press("Enter");
  assert.ok(await id("code").evaluate((content) => content === document.activeElement));
  await page.keyboard.press("Control+f");
  await page.keyboard.type("Counter");
  await page.keyboard.press("Enter");
  await page.locator(".cm-searchMatch").first().waitFor();
  await check(page, "the editor's search");
  await page.keyboard.press("Escape");
  await page.locator(".cm-search").waitFor({ state: "detached" });
  await page.locator(".cm-lint-marker-error").first().hover();
  await page.locator(".cm-tooltip", { hasText: "list index out of range" }).waitFor();
  await check(page, "a problem in the editor");
  await close();
});

for (const size of ["1mb", "line"]) {
  test(`the editor stays usable with ${size === "line" ? "a line of 240 kB" : "1 MB"}`, async () => {
    const { page, id, close } = await open("editor", { more: `&size=${size}` });
    await id("big").click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("the very end");
    await page.locator(".cm-line", { hasText: "the very end" }).waitFor();
    const drawn = await page.evaluate(() => document.querySelector(".cm-content").textContent.length);
    assert.ok(drawn < 100_000, `only what is in view is drawn, not ${drawn} characters`);
    await close();
  });
}

for (const [size, layout, counts] of [
  ["10k", "one", /\+271\s+−271/],
  ["10k", "two", /\+271\s+−271/],
  ["different", "one", /\+10,000\s+−10,000/],
  ["line", "one", /\+1\s+−1/],
]) {
  test(`a comparison of large texts: ${size}, ${layout}`, async () => {
    const { page, id, close } = await open("diff", { more: `&size=${size}&layout=${layout}` });
    assert.match(await id("diff-counts").innerText(), counts);
    await page.getByRole("button", { name: "Next change" }).click();
    const elements = await page.evaluate(() => document.querySelectorAll("*").length);
    assert.ok(elements < 3000, `only what is in view is drawn, not ${elements} elements`);
    await close();
  });
}

test("a comparison changes its layout, unfolds, and fits a narrow window", async () => {
  const { page, close } = await open("diff");
  const first = page.getByTestId("diff").first();
  await first.locator(".cm-editor").waitFor();
  assert.equal(await first.locator(".cm-editor").count(), 1);
  await first.getByRole("radio", { name: "Side by side" }).check();
  await first.locator(".cm-editor").nth(1).waitFor();
  await first.locator(".cm-collapsedLines").first().waitFor();
  await first.getByRole("button", { name: "All lines" }).click();
  await first.locator(".cm-collapsedLines").first().waitFor({ state: "detached" });
  await page.setViewportSize({ width: 420, height: 740 });
  await first.locator(".cm-mergeView").waitFor({ state: "detached" });
  await close();
});

test("2,000 tokens stay smooth under the arrow keys", async () => {
  const { page, id, close } = await open("tokens", { more: "&count=2000" });
  await id("heatmap-tokens").focus();
  const frame = await id("heatmap-tokens").evaluate(async (list) => {
    const start = performance.now();
    for (let step = 0; step < 60; step++) {
      list.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
      await new Promise(requestAnimationFrame);
    }
    return (performance.now() - start) / 60;
  });
  assert.ok(frame < 100, `${frame.toFixed(1)} ms per step`);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("n");
  assert.match(await id("token-inspector").innerText(), /Surprising/);
  await check(page, "a token that is marked");
  await close();
});

test("the plan: dragging and the keyboard move a step, which keeps the focus", async () => {
  const { page, close } = await open("session");
  const titles = async () => (await page.locator("[data-step] .text").allTextContents()).map((title) => title.split(": ").at(-1).trim().slice(0, 5));
  const grip = (title) => page.getByRole("button", { name: `Move “${title}”` });
  await grip("Write a test").focus();
  await page.keyboard.press("ArrowUp");
  assert.deepEqual((await titles()).slice(3), ["Print", "Write", "Expla"]);
  assert.ok(await grip("Write a test").evaluate((button) => button === document.activeElement));
  await grip("Write a test").hover();
  await page.mouse.down();
  const first = await page.locator("[data-step]").first().boundingBox();
  await page.mouse.move(first.x + 100, first.y, { steps: 5 });
  await page.mouse.up();
  // Not before what has begun.
  assert.deepEqual((await titles()).slice(2), ["Count", "Write", "Print", "Expla"]);
  await page.getByRole("button", { name: "Change “Write a test”" }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("Test it");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Change “Test it”" }).waitFor();
  await close();
});

test("text that is written stays in view until the reader scrolls away", async () => {
  const { page, id, close } = await open("session");
  const area = id("disclosure-area");
  const fromEnd = () => area.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
  await id("stream").click();
  await page.getByText("word190").waitFor();
  assert.ok((await fromEnd()) < 40);
  await id("stream").click();
  await area.evaluate((box) => (box.scrollTop = 0));
  await page.waitForFunction(() => document.querySelector("[data-testid=disclosure-area]").textContent.split("word150").length > 2);
  assert.equal(await area.evaluate((box) => box.scrollTop), 0);
  await close();
});

test("100,000 rows: read on at the end, opened by keys, and files that are dropped", async () => {
  const { page, id, close } = await open("data");
  await page.getByText("Write a letter number 1", { exact: true }).waitFor();
  await id("rows-list").focus();
  for (const last of [100, 200, 300]) {
    await page.keyboard.press("End");
    await page.getByText(`Write a letter number ${last}`, { exact: true }).waitFor();
    await page.waitForFunction((more) => document.querySelector("[data-testid=rows-list] .height").offsetHeight > more, last * 56 + 2000);
  }
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  assert.match(await id("opened").innerText(), /number 400$/);
  assert.ok((await page.locator("[role=option]").count()) < 60);
  await page.keyboard.press("Home");
  await page.getByText("Write a letter number 1", { exact: true }).click({ clickCount: 2 });
  assert.equal(await id("opened").innerText(), "Write a letter number 1");
  await id("filter-query").fill("lemon");
  await page.getByText("lemon number 12", { exact: true }).waitFor();
  await id("file-drop-input").setInputFiles([
    { name: "note.md", mimeType: "text/markdown", buffer: Buffer.from("# ä") },
    { name: "cat.png", mimeType: "image/png", buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0]) },
  ]);
  await id("files").getByText("note.md: 3").waitFor();
  await id("file-drop-error").getByText("“cat.png” is not a text file").waitFor();
  await check(page, "files that were refused");
  await close();
});

test("the border between two areas moves by keys and by mouse, and its areas stand apart in a narrow window", async () => {
  const { page, id, close } = await open("layout");
  const at = async () => Number(await id("split-bar").getAttribute("aria-valuenow"));
  await id("split-bar").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await at(), 42);
  const bar = await id("split-bar").boundingBox();
  await page.mouse.move(bar.x + 4, bar.y + 40);
  await page.mouse.down();
  await page.mouse.move(bar.x + 204, bar.y + 40, { steps: 4 });
  await page.mouse.up();
  assert.ok((await at()) > 55);
  await id("tabs-result").focus();
  await page.keyboard.press("ArrowRight");
  await id("panel-changes").waitFor();
  await page.setViewportSize({ width: 420, height: 740 });
  // The page hears of its new size a moment later.
  await page.locator('[data-testid="split-bar"][aria-orientation="horizontal"]').waitFor();
  await close();
});
