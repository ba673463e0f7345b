// The Workshop over pretended sessions in a real browser, under the window's content security policy: axe on every
// state, in light, dark and small; nothing sticks out; the keyboard; and sixty cycles stay quick. Needs no host.
import assert from "node:assert/strict";
import axe from "axe-core";
import { after, before, test } from "node:test";
import { launch, openPage } from "./support/browser.mjs";
import { startWorkbench } from "./support/workbench.mjs";

const SCENES = [
  "plan", "judge", "edited", "unsure", "script", "page", "data", "files", "finished", "paused", "stopped", "exhausted", "noteacher",
  "consent", "trouble", "nosandbox", "unsaved", "long", "many", "live",
];
let browser, bench;
before(async () => {
  [browser, bench] = await Promise.all([launch(), startWorkbench()]);
});
after(async () => {
  await browser?.close();
  await bench?.stop();
});

async function open(scene, options = {}) {
  const path = `${bench.origin}/?scene=session-${scene}`;
  const shown = await openPage(browser, bench, { path, view: "workshop", width: 1280, height: 800, ...options });
  await shown.id(scene === "first" || scene === "start" ? "request" : "dock").waitFor();
  return shown;
}

async function check(page, what) {
  await page.evaluate(axe.source);
  await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations !== Infinity).map((one) => one.finished.catch(() => {}))));
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
  assert.deepEqual(told, [], `axe on ${what}`);
}

/** Text that leaves its box sideways, where nothing scrolls. */
async function fits(page, what) {
  // A new size or colour is on the page two frames later.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 0)))));
  const out = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(out <= 0, `${what} is ${out} pixels too wide`);
  const hidden = await page.evaluate(() => {
    const dock = document.querySelector("[data-testid=dock]");
    return dock ? Math.round(dock.getBoundingClientRect().bottom - innerHeight) : 0;
  });
  assert.ok(hidden <= 0, `of ${what}, ${hidden} pixels are below the window`);
}

for (const scene of ["first", "start", ...SCENES]) {
  test(`${scene}: light, dark and small`, async () => {
    const { page, close } = await open(scene);
    await fits(page, scene);
    await check(page, scene);
    await page.setViewportSize({ width: 420, height: 740 });
    await fits(page, `${scene}, narrow`);
    await page.setViewportSize({ width: 800, height: 600 });
    await page.emulateMedia({ colorScheme: "dark" });
    await fits(page, `${scene}, small`);
    await check(page, `${scene}, small and dark`);
    await close();
  });
}

for (const [scene, tab] of [["script", "try"], ["script", "edit"], ["files", "changes"], ["finished", "versions"], ["page", "edit"]]) {
  test(`the result of “${scene}”: ${tab}`, async () => {
    for (const dark of [false, true]) {
      const { page, id, close } = await open(scene, { dark });
      await id(`result-tabs-${tab}`).click();
      if (tab === "edit" || tab === "changes") await page.locator(".cm-content").first().waitFor();
      if (tab === "versions") await id("final-mark").waitFor();
      if (tab === "try") {
        await id("run-again").click();
        await id("run-result").waitFor();
      }
      await check(page, `${scene}, ${tab}`);
      await close();
    }
  });
}

test("dialogs: deleting, moving, running without protection", async () => {
  const { page, id, close } = await open("nosandbox");
  await id("result-tabs-try").click();
  await id("run-again").click();
  await id("unsafe-run").waitFor();
  await check(page, "running without protection");
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), "Do not run it");
  await page.keyboard.press("Escape");
  for (const [item, dialog] of [["session-delete", "delete-dialog"], ["session-move", "move-dialog"]]) {
    await id("session-more").click();
    await id(item).click();
    await id(dialog).waitFor();
    await check(page, dialog);
    await page.keyboard.press("Escape");
    await id(dialog).waitFor({ state: "detached" });
  }
  await close();
});

test("a whole session by keyboard alone", async () => {
  const { page, id, close } = await open("first");
  await page.keyboard.type("A message to my neighbour");
  await page.keyboard.press("Control+Enter");
  await id("approve-plan").waitFor();
  await id("approve-plan").focus();
  await page.keyboard.press("Enter");
  await id("live").waitFor();
  await page.keyboard.press("Escape");
  await id("dock-resume").waitFor();
  await id("dock-resume").focus();
  await page.keyboard.press("Enter");
  await id("quick-accepted").waitFor();
  await id("words").focus();
  await page.keyboard.type("Friendlier please");
  await page.keyboard.press("Control+Enter");
  await id("cycle-verdict").first().waitFor();
  await page.waitForFunction(() => document.querySelector("[data-testid=result-title]")?.textContent === "Step 1, attempt 2");
  await id("check-bar").waitFor();
  await page.keyboard.press("Control+Shift+KeyC");
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /Monday to Friday/);
  await id("result-tabs-edit").click();
  await page.locator(".cm-content").waitFor();
  await page.locator(".cm-content").focus();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("P.S. We bring cake.");
  await id("hand-edit").waitFor();
  await page.keyboard.press("Control+s");
  await id("verdict-undo").waitFor();
  assert.match(await id("last-verdict").innerText(), /Your own version was taken/);
  await page.keyboard.press("Control+n");
  await id("request").waitFor();
  await close();
});

test("the list: beside the start page, over a session, closed by Escape", async () => {
  const { page, id, close } = await open("judge");
  assert.equal(await id("session-sidebar").count(), 0);
  await page.keyboard.press("Control+b");
  await id("session-sidebar").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "session-search");
  await page.keyboard.press("Escape");
  await id("session-sidebar").waitFor({ state: "detached" });
  await page.keyboard.press("Control+n");
  await id("session-sidebar").waitFor();
  await close();
});

test("sixty cycles stay quick", async () => {
  const { page, id, close } = await open("many");
  await id("words").waitFor();
  const cost = await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
    const field = document.querySelector("[data-testid=words]");
    await frame();
    const start = performance.now();
    for (let turn = 0; turn < 20; turn++) {
      field.value += "x";
      field.dispatchEvent(new Event("input", { bubbles: true }));
      await frame();
    }
    return (performance.now() - start) / 20;
  });
  console.log(`a key in a session of 61 cycles: ${cost.toFixed(1)} ms until the next frame`);
  assert.ok(cost < 100, `each key takes ${cost} ms`);
  await id("earlier").click();
  await id("cycle").nth(60).waitFor();
  await close();
});
