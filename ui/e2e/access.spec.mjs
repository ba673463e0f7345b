// axe on every view, in light and dark, wide and narrow; and nothing sticks out of a narrow window.
import assert from "node:assert/strict";
import axe from "axe-core";
import { after, before, test } from "node:test";
import { launch, openPage } from "./support/browser.mjs";
import { freshFolder, prepare, startHost } from "./support/host.mjs";

let browser, host, fresh, blocked;
before(async () => {
  browser = await launch();
  const data = freshFolder();
  [host, fresh] = await Promise.all([startHost({ data }), startHost()]);
  blocked = await startHost({ data, keep: true });
  await prepare(host, { tokens: 30 });
  await host.call("send_message", { conversationId: null, modelId: null, text: "Write two sentences about basil." });
});
after(async () => {
  await browser?.close();
  await Promise.all([blocked?.stop(), fresh?.stop()]);
  await host?.stop();
});

async function check(page, view) {
  await page.evaluate(axe.source);
  // Colours are measured when nothing moves any more.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))));
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
  assert.deepEqual(told, [], `axe on ${view}`);
}

const VIEWS = {
  welcome: { on: () => fresh, go: ({ id }) => id("welcome").waitFor() },
  problem: { on: () => blocked, go: ({ id }) => id("problem").waitFor() },
  empty: { go: ({ id }) => id("empty-conversation").waitFor() },
  conversation: { go: openFirst },
  search: {
    async go({ page, id }) {
      await page.keyboard.press("Control+k");
      await page.keyboard.type("basil");
      await id("hit").first().waitFor();
    },
  },
  "nothing found": {
    async go({ page, id }) {
      await page.keyboard.press("Control+k");
      await page.keyboard.type("nosuchword");
      await id("search-empty").waitFor();
    },
  },
  models: {
    async go({ id }) {
      await id("model-picker").click();
      await id("model-row").first().waitFor();
    },
  },
  menu: {
    async go(view) {
      await showList(view);
      await view.id("conversation-item").first().hover();
      await view.id("conversation-menu").first().click();
      await view.id("delete").waitFor();
    },
  },
  "delete dialog": {
    async go(view) {
      await VIEWS.menu.go(view);
      await view.id("delete").click();
      await view.id("delete-confirm").waitFor();
    },
  },
  shortcuts: {
    async go({ page, id }) {
      await page.keyboard.press("Control+/");
      await id("shortcuts").waitFor();
    },
  },
  ...Object.fromEntries(
    ["answers", "computer", "look", "about"].map((tab) => [
      `settings, ${tab}`,
      {
        async go({ page, id }) {
          await page.keyboard.press("Control+,");
          await id(`settings-tab-${tab}`).click();
        },
      },
    ]),
  ),
};

async function showList({ id }) {
  await id("composer").waitFor();
  if ((await id("sidebar").count()) === 0) await id("show-sidebar").click();
  await id("conversation-item").first().waitFor();
}

async function openFirst(view) {
  await showList(view);
  await view.id("conversation-item").first().locator(".open").click();
  await view.id("message-assistant").locator(".prose .block").first().waitFor();
}

for (const [name, view] of Object.entries(VIEWS)) {
  for (const dark of [false, true]) {
    test(`${name}, ${dark ? "dark" : "light"}`, async () => {
      const shown = await openPage(browser, view.on?.() ?? host, { dark });
      if (!view.on) await shown.id("composer").waitFor();
      await view.go(shown);
      await check(shown.page, name);
      await shown.close();
    });
  }
  test(`${name}, in a window of 420 pixels`, async () => {
    const shown = await openPage(browser, view.on?.() ?? host, { width: 420, height: 740 });
    if (!view.on) await shown.id("composer").waitFor();
    await view.go(shown);
    const overflow = await shown.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} pixels too wide`);
    await check(shown.page, `${name}, narrow`);
    await shown.close();
  });
}

test("in a narrow window the list covers the page and steps aside for what it opens", async () => {
  const shown = await openPage(browser, host, { width: 420, height: 740 });
  await shown.id("composer").waitFor();
  assert.equal(await shown.id("sidebar").count(), 0);
  await openFirst(shown);
  await shown.id("sidebar").waitFor({ state: "detached" });
  await shown.id("show-sidebar").click();
  await shown.page.keyboard.press("Escape");
  await shown.id("sidebar").waitFor({ state: "detached" });
  await shown.close();
});
