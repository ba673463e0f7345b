// Pictures of every view, light and dark: `npm run screenshots` writes ../docs/images. The assistant, the models and the
// settings are the real application with its own model; Workshop, Harvest, Teachers and Train show the example data of the design mode.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ask, launch, openPage } from "./support/browser.mjs";
import { freshFolder, prepare, startHost } from "./support/host.mjs";
import { startWorkbench } from "./support/workbench.mjs";

const out = fileURLToPath(new URL("../../docs/images", import.meta.url));
mkdirSync(out, { recursive: true });
const data = freshFolder();
const host = await startHost({ data });
const second = await startHost({ data, keep: true });
const fresh = await startHost();
const bench = await startWorkbench();
const browser = await launch();

async function shot(name, on, size, go) {
  for (const dark of [false, true]) {
    const shown = await openPage(browser, on, { dark, ...size });
    await go(shown);
    await shown.page.evaluate(() => document.fonts.ready);
    await shown.page.waitForTimeout(400); // The editor measures its lines again once the fonts are there.
    await shown.page.screenshot({ path: `${out}/${name}-${dark ? "dark" : "light"}.png` });
    await shown.close();
  }
}

const conversation = async ({ id }) => {
  await id("composer").waitFor();
  if ((await id("sidebar").count()) === 0) await id("show-sidebar").click();
  await id("conversation-item").last().locator(".open").click();
  await id("message-assistant").last().locator(".prose .block").first().waitFor();
};

try {
  await prepare(host, { tokens: 220, temperature: 0.2, seed: 7 });
  const first = await openPage(browser, host);
  await ask(first.page, "What is photosynthesis? Explain it in simple words.");
  await ask(first.page, "Write a Python function that adds two numbers.");
  await first.id("new-conversation").click();
  await ask(first.page, "Explain why the sky is blue, in three sentences for a ten-year-old.");
  await first.close();

  await shot("welcome", fresh, {}, ({ id }) => id("welcome").waitFor());
  await shot("problem", second, {}, ({ id }) => id("problem").waitFor());
  await shot("start", host, {}, ({ id }) => id("empty-conversation").waitFor());
  await shot("conversation", host, {}, conversation);
  await shot("narrow", host, { width: 420, height: 740 }, conversation);
  await shot("search", host, {}, async ({ page, id }) => {
    await id("composer").waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("photosynthesis");
    await id("hit").first().waitFor();
  });
  await shot("models", host, {}, async (shown) => {
    await conversation(shown);
    await shown.id("model-picker").click();
    await shown.id("model-row").first().waitFor();
  });
  for (const tab of ["answers", "computer", "look", "about"]) {
    await shot(`settings-${tab}`, host, {}, async ({ page, id }) => {
      await id("composer").waitFor();
      await page.keyboard.press("Control+,");
      await id(`settings-tab-${tab}`).click();
    });
  }
  await shot("shortcuts", host, {}, async ({ page, id }) => {
    await id("composer").waitFor();
    await page.keyboard.press("Control+/");
    await id("shortcuts").waitFor();
  });

  const wide = { width: 1280, height: 840 };
  const scene = (name, view, go, size = wide) => shot(name, bench, { ...size, path: `${bench.origin}/?scene=${view}` }, go);
  const openExample = async ({ id }) => {
    await id("example-row").first().click();
    await id("example").waitFor();
  };
  await scene("workshop-start", "many&view=workshop", ({ id }) => id("request").waitFor());
  await scene("workshop", "session-edited", async ({ id }) => {
    await id("feedback").waitFor();
    await id("result-tabs-changes").click();
  });
  await scene("workshop-plan", "session-plan", ({ id }) => id("approve-plan").waitFor());
  await scene("harvest", "many&view=harvest", ({ id }) => id("example-row").first().waitFor());
  await scene("harvest-example", "many&view=harvest", async (shown) => {
    await openExample(shown);
    await shown.page.locator(".cm-content").first().waitFor();
  });
  await scene("harvest-probabilities", "many&view=harvest", async (shown) => {
    await openExample(shown);
    await shown.id("example-part-trace").click();
    await shown.id("trace-tokens").first().waitFor();
  });
  await scene("teachers", "many&view=teachers", ({ id }) => id("teacher").first().waitFor());
  await scene("train", "many&view=train", ({ id }) => id("run-row").first().waitFor());
  await scene("train-plan", "train-plan", ({ id }) => id("plan-time").waitFor(), { width: 1280, height: 900 });
  await scene("train-running", "train-running", ({ id }) => id("curve").first().waitFor());
  await scene("train-result", "train-win", ({ id }) => id("verdict").waitFor(), { width: 1280, height: 1000 });
  await scene("settings-data", "many&view=harvest", async ({ page, id }) => {
    await id("example-row").first().waitFor();
    await page.keyboard.press("Control+,");
    await id("settings-tab-data").click();
    await id("disk-use").waitFor();
  });
  console.log(`written to ${out}`);
} finally {
  await browser.close();
  await Promise.all([second.stop(), fresh.stop(), bench.stop()]);
  await host.stop();
}
