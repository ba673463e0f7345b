// The Train view over a pretended application, under the window's content security policy: axe in light, dark, small and
// narrow, the way from a use case to a promoted model by keyboard, and curves of 3,000 steps. Needs no host.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import axe from "axe-core";
import { launch, openPage } from "./support/browser.mjs";
import { startWorkbench } from "./support/workbench.mjs";

let browser, bench;
before(async () => {
  [browser, bench] = await Promise.all([launch(), startWorkbench()]);
});
after(async () => {
  await browser?.close();
  await bench?.stop();
});

const open = (scene, options = {}) =>
  openPage(browser, bench, { path: `${bench.origin}/?scene=${scene}&view=train`, width: 1280, height: 900, ...options });

async function check(page, what) {
  await page.evaluate(axe.source);
  await page.evaluate(() => {
    const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity);
    return Promise.all(ending.map((animation) => animation.finished.catch(() => {})));
  });
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
  assert.deepEqual(told, [], `axe on ${what}`);
}

const waitFor = (name) => ({ id }) => id(name).first().waitFor();

const PAGES = {
  overview: ["many", waitFor("run-row")],
  "nothing to learn from": ["train-empty", waitFor("train-empty")],
  "a broken overview": ["train-broken", waitFor("training-error")],
  "a plan": ["train-plan", async ({ page, id }) => {
    await id("plan-time").waitFor();
    await id("unable-bases").getByRole("button").click();
    await id("plan-settings").getByRole("button").first().click();
    await id("setting-rank").fill("0");
    await page.keyboard.press("Tab");
    await id("plan-settings").getByRole("alert").waitFor();
  }],
  "a plan that is not ready": ["many", async ({ id }) => {
    await id("plan").nth(1).click();
    await id("plan-missing").waitFor();
    await id("train-start").click();
    await id("not-ready").waitFor();
  }],
  "a plan with an error": ["train-plan", async ({ id }) => {
    await id("plan-time").waitFor();
    await id("plan-scope").getByLabel("Communal").check();
    await id("plan-error").waitFor();
  }],
  "a run": ["train-running", async ({ id }) => {
    await id("curve").first().waitFor();
    await id("curve-table").getByRole("button").first().click();
  }],
  "a run that waits": ["train-waiting", waitFor("run-waiting")],
  "a paused run": ["train-paused", async ({ id }) => {
    await id("run-cancel").click();
    await id("cancel-run").waitFor();
  }],
  "a win": ["train-win", async ({ id }) => {
    await id("verdict").waitFor();
    await id("sample-prompt").getByRole("button").click();
    await id("lineage").getByRole("button").first().click();
  }],
  "texts that are read": ["train-plan", async ({ id }) => {
    await id("plan-time").waitFor();
    await id("soft-labels").getByRole("button").first().click();
    await id("label-start").click();
    await id("label-progress").waitFor();
  }],
  "texts that could not be read": ["train-plan", async ({ id }) => {
    await id("plan-time").waitFor();
    await id("soft-labels").getByRole("button").first().click();
    await id("label-reader").selectOption("trained-2");
    await id("label-start").click();
    await id("label-error").waitFor();
  }],
  "a run that is judged again": ["train-win", async ({ id }) => {
    await id("judge-again").click();
    await id("judging").waitFor();
  }],
  "a loss": ["train-loss", async ({ id }) => {
    await id("promote").click();
    await id("promote-dialog").waitFor();
  }],
  "not enough evidence": ["train-unsure", waitFor("comparisons")],
  "a failed run": ["train-failed", waitFor("run-problem")],
  "an export": ["train-win", async ({ id }) => {
    await id("export-model").click();
    await id("model-format-mergedF16").click();
    await id("export-model-dialog").waitFor();
  }],
  "a run to be discarded": ["train-win", async ({ id }) => {
    await id("discard").click();
    await id("delete-run").waitFor();
  }],
};

for (const [name, [scene, go]] of Object.entries(PAGES)) {
  for (const look of [{ dark: false }, { dark: true }, { width: 800, height: 600 }, { width: 420, height: 740 }]) {
    test(`${name}, ${look.width ? `${look.width} pixels wide` : look.dark ? "dark" : "light"}`, async () => {
      const shown = await open(scene, look);
      await shown.id("train").waitFor();
      await go(shown);
      const overflow = await shown.page.evaluate(() => {
        const main = document.querySelector("main");
        return Math.max(document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth);
      });
      assert.ok(overflow <= 0, `${name} is ${overflow} pixels too wide`);
      await check(shown.page, name);
      await shown.close();
    });
  }
}

test("from a use case to a run by keyboard; Escape leads back, and the run goes on", async () => {
  const { page, id, close } = await open("many");
  await id("run-row").first().waitFor();
  await page.keyboard.press("Control+1");
  await id("request").waitFor();
  await page.keyboard.press("Control+5");
  await id("plan").first().focus();
  await page.keyboard.press("Enter");
  await id("plan-time").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Train on Letters and e-mails");
  await id("train-start").focus();
  await page.keyboard.press("Enter");
  await id("run-progress").waitFor();
  await id("curve").first().getByRole("slider").focus();
  await page.keyboard.press("Home");
  await id("curve-reading").first().waitFor();
  assert.equal(await id("curve-reading").count(), 4);
  await page.keyboard.press("Escape");
  await id("run-row").first().waitFor();
  assert.equal(await id("run-status").first().getAttribute("data-status"), "running");
  assert.equal(await page.evaluate(() => document.activeElement.closest("[data-testid=run-row]") !== null), true);
  await page.keyboard.press("Enter");
  await id("run-pause").focus();
  await page.keyboard.press("Enter");
  await id("run-resume").waitFor();
  await close();
});

test("a win is promoted in one click and rolled back in another", async () => {
  const { id, close } = await open("train-win");
  await id("promote").click();
  await id("run-promoted").waitFor();
  assert.match(await id("in-use").innerText(), /Rolling back brings back Letters and e-mails 2\./);
  await id("roll-back").click();
  await id("promote").waitFor();
  await id("back-to-training").click();
  await id("train-use-case").first().getByText("Letters and e-mails 2").waitFor();
  await close();
});

test("a finished run is judged again in words, and its new verdict is shown and listed", async () => {
  const { page, id, close } = await open("train-unsure");
  await id("judge-again").focus();
  await page.keyboard.press("Enter");
  await id("judging").getByText("Comparing with what is in use").waitFor();
  assert.equal(await id("promote").isDisabled(), true);
  await page.getByText("again: better").waitFor();
  assert.equal(await id("verdict").getAttribute("data-verdict"), "win");
  await id("back-to-training").click();
  assert.equal(await id("run-status").first().getAttribute("data-verdict"), "win");
  await close();
});

test("another model reads the accepted texts, also while the plan is left, and the plan counts them", async () => {
  const { page, id, close } = await open("train-plan");
  await id("plan-soft").getByText("81 %").waitFor();
  await id("soft-labels").getByRole("button").first().click();
  await id("label-start").click();
  await id("label-progress").getByText("of 40").waitFor();
  await page.keyboard.press("Escape");
  await id("plan").first().click();
  await id("label-report").waitFor();
  assert.match(await id("label-report").innerText(), /^38 labelled, 2 left out: /);
  await id("plan-soft").getByText("97 %").waitFor();
  await close();
});

test("3,000 steps: the curves stay quick while more arrive and while they are read", async () => {
  const { page, id, close } = await open("train-many");
  const chart = id("curve").first().getByRole("slider");
  await chart.waitFor();
  const parts = await id("curve").first().locator("path.faint").getAttribute("d");
  assert.ok(parts.split("L").length < 1300, "more points are drawn than the screen has pixels");
  const box = await chart.boundingBox();
  const frames = page.evaluate(async () => {
    const times = [];
    let last = performance.now();
    for (let frame = 0; frame < 120; frame++) {
      await new Promise(requestAnimationFrame);
      times.push(performance.now() - last);
      last = performance.now();
    }
    return times.sort((a, b) => a - b);
  });
  for (let at = 0; at < 60; at++) await page.mouse.move(box.x + 50 + at * 6, box.y + 60);
  const times = await frames;
  console.log(`a frame while reading 3,000 steps: p50 ${times[60].toFixed(0)} ms, p95 ${times[114].toFixed(0)} ms`);
  await close();
});
