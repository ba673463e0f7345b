// Harvest, Teachers and the data tab over a pretended application, under the window's content security policy: axe in
// light, dark and narrow, the keyboard, and a dataset of 100,000 rows. Needs no host.
import assert from "node:assert/strict";
import axe from "axe-core";
import { after, before, test } from "node:test";
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

const open = (view, scene, options = {}) => openPage(browser, bench, { path: `${bench.origin}/?scene=${scene}&view=${view}`, ...options });

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

async function openRow({ page, id }, row = 0) {
  await page.locator(`[data-testid=example-row][data-id=row-${row}]`).click();
  await id("example").waitFor();
}

const tab = (name, ready) => async (shown) => {
  await openRow(shown);
  await shown.id(`example-part-${name}`).click();
  await shown.id(ready).first().waitFor();
};

async function openData({ page, id }, ready = "disk-use") {
  await page.keyboard.press("Control+,");
  await id("settings-tab-data").click();
  await id(ready).waitFor();
}

const VIEWS = {
  overview: ["harvest", "many", ({ id }) => id("example-row").first().waitFor()],
  "a use case": ["harvest", "many", ({ id }) => id("use-case").nth(3).click()],
  "no examples": ["harvest", "harvest-empty", ({ id }) => id("harvest-empty").waitFor()],
  "both sides": ["harvest", "many", async (shown) => {
    await openRow(shown);
    await shown.page.locator(".cm-content").first().waitFor();
  }],
  "one side": ["harvest", "many", async (shown) => {
    await openRow(shown, 2);
    await shown.page.locator(".cm-content").first().waitFor();
  }],
  prompt: ["harvest", "many", tab("prompt", "prompt")],
  probabilities: ["harvest", "many", tab("trace", "trace-tokens")],
  origin: ["harvest", "many", tab("origin", "provenance")],
  editing: ["harvest", "many", async (shown) => {
    await openRow(shown);
    await shown.id("edit-chosen").click();
    await shown.id("side-text").waitFor();
  }],
  "the filter": ["harvest", "many", async ({ id }) => {
    await id("open-filter").click();
    await id("filter-redo").click();
  }],
  "a failing search": ["harvest", "harvest-errors", async ({ id }) => {
    await id("example-filter-query").fill("a");
    await id("examples-error").waitFor();
  }],
  "what remains": ["harvest", "many", async (shown) => {
    await openRow(shown);
    await shown.id("example-delete").click();
    await shown.id("delete-examples-confirm").click();
    await shown.id("deletion-remains").waitFor();
  }],
  exported: ["harvest", "many", async ({ id }) => {
    await id("open-export").click();
    await id("export-run").click();
    await id("export-done").waitFor();
  }],
  imported: ["harvest", "many", async ({ id }) => {
    await id("open-import").click();
    await id("import-choose").click();
    await id("import-run").click();
    await id("import-report").waitFor();
  }],
  teachers: ["teachers", "many", ({ id }) => id("teacher").first().waitFor()],
  "a test": ["teachers", "many", async ({ id }) => {
    await id("teacher-test").first().click();
    await id("test-result").waitFor();
  }],
  "adding a server's model": ["teachers", "many", async ({ id }) => {
    await id("add-remote").click();
    await id("remote-address").fill("https://api.openai.com/v1");
    await id("remote-ask").click();
    await id("remote-offered").waitFor();
  }],
  data: ["harvest", "many", openData],
  "damaged data": ["harvest", "data-errors", async (shown) => {
    await openData(shown);
    await shown.id("back-up-now").click();
    await shown.id("back-up-error").waitFor();
  }],
  "a restore": ["harvest", "many", async (shown) => {
    await openData(shown);
    await shown.id("restore").first().click();
    await shown.id("restore-dialog").waitFor();
  }],
};

for (const [name, [view, scene, go]] of Object.entries(VIEWS)) {
  for (const look of [{ dark: false }, { dark: true }, { width: 420, height: 740 }]) {
    test(`${name}, ${look.width ? "narrow" : look.dark ? "dark" : "light"}`, async () => {
      const shown = await open(view, scene, look);
      await shown.id(view).waitFor();
      await go(shown);
      const overflow = await shown.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${name} is ${overflow} pixels too wide`);
      await check(shown.page, name);
      await shown.close();
    });
  }
}

test("the list by keyboard: walking opens, Space marks, Shift marks a range, Delete asks, Escape goes back", async () => {
  const { page, id, close } = await open("harvest", "many");
  await id("example-row").first().waitFor();
  await page.keyboard.press("Control+k");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "example-filter-query");
  await id("examples-list").focus();
  await page.keyboard.press("ArrowDown");
  await id("example").waitFor();
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+Space");
  assert.equal(await page.locator('[aria-checked="true"]').count(), 2);
  await page.keyboard.press("Delete");
  await id("delete-examples").waitFor();
  await page.keyboard.press("Escape");
  await id("delete-examples").waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await id("marked-bar").waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await id("overview").waitFor();
  await close();
});

test("a model is dragged to another place", async () => {
  const { page, id, close } = await open("teachers", "many");
  const pool = id("pool-worker");
  await pool.waitFor();
  const names = () => pool.getByTestId("pool-item").evaluateAll((items) => items.map((item) => item.dataset.id));
  assert.deepEqual(await names(), ["embedded", "qwen", "claude", "gone"]);
  const grip = await pool.getByTestId("pool-grip").first().boundingBox();
  const target = await pool.getByTestId("pool-item").nth(2).boundingBox();
  await page.mouse.move(grip.x + 5, grip.y + 5);
  await page.mouse.down();
  await page.mouse.move(grip.x + 5, target.y + target.height - 4, { steps: 5 });
  await page.mouse.up();
  await pool.locator('[data-testid=pool-item][data-id=embedded] >> nth=0').waitFor();
  assert.deepEqual(await names(), ["qwen", "claude", "embedded", "gone"]);
  await close();
});

test("100,000 rows: few exist, walking and scrolling stay quick", async () => {
  const { page, id, close } = await open("harvest", "harvest-many", { width: 1280, height: 800 });
  await id("example-row").first().waitFor();
  assert.equal(await id("example-count").innerText(), "100,000 examples");
  const scroll = async (step) => {
    const frames = await id("examples-list").evaluate(async (list, step) => {
      const times = [];
      let last = performance.now();
      for (let frame = 0; frame < 200; frame++) {
        list.scrollTop += step;
        await new Promise(requestAnimationFrame);
        times.push(performance.now() - last);
        last = performance.now();
      }
      return times.sort((a, b) => a - b);
    }, step);
    console.log(`a frame while scrolling by ${step} pixels: p50 ${frames[100].toFixed(0)} ms, p95 ${frames[190].toFixed(0)} ms`);
  };
  await scroll(120);
  await scroll(900);
  const rows = await id("example-row").count();
  assert.ok(rows > 0 && rows < 60, `${rows} rows exist`);
  await id("examples-list").focus();
  await page.keyboard.press("End");
  await id("example").waitFor();
  await close();
});
