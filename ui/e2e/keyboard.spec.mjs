// Everything without a mouse.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answered, launch, openPage } from "./support/browser.mjs";
import { prepare, startHost } from "./support/host.mjs";

let browser, host;
before(async () => {
  browser = await launch();
  host = await startHost();
  await prepare(host, { tokens: 24 });
});
after(async () => {
  await browser?.close();
  await host?.stop();
});

const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute("data-testid") ?? "");

test("a whole conversation by keyboard: ask, copy, find, rename, delete", async () => {
  const { page, id, close } = await openPage(browser, host);
  await id("composer").waitFor();
  await page.keyboard.type("What is a saffron bun?");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("Briefly.");
  assert.equal(await id("composer").inputValue(), "What is a saffron bun?\nBriefly.");
  await page.keyboard.press("Enter");
  await answered(page, 0);
  await page.keyboard.press("Control+Shift+C");
  await id("toast").filter({ hasText: "Answer copied" }).waitFor();
  await page.keyboard.press("Control+n");
  await id("empty-conversation").waitFor();
  await page.keyboard.press("Control+k");
  assert.equal(await focused(page), "search");
  await page.keyboard.type("saffron");
  await id("hit").first().waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("F2");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("Buns");
  await page.keyboard.press("Enter");
  await id("conversation-item").filter({ hasText: "Buns" }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "conversation-menu");
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowUp"); // around, to the last: delete
  assert.equal(await focused(page), "delete");
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), "conversation-menu");
  await page.keyboard.press("Enter");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await id("delete-dialog").waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "delete-confirm");
  await page.keyboard.press("Enter");
  await id("toast").filter({ hasText: "Deleted" }).waitFor();
  await close();
});

test("dialogs open with keys, keep the focus and give it back", async () => {
  const { page, id, close } = await openPage(browser, host);
  await id("composer").waitFor();
  await page.keyboard.press("Control+/");
  await id("shortcuts").waitFor();
  await page.keyboard.press("Escape");
  await id("shortcuts").waitFor({ state: "detached" });
  assert.equal(await focused(page), "composer");
  await page.keyboard.press("Control+,");
  await id("settings").waitFor();
  assert.equal(await focused(page), "settings-tab-answers");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(page), "settings-tab-computer");
  await id("memory").waitFor();
  for (let step = 0; step < 25; step++) {
    await page.keyboard.press("Tab");
    assert.ok(
      await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("dialog") !== null),
      "the focus stays in the dialog",
    );
  }
  await page.keyboard.press("Escape");
  await id("settings").waitFor({ state: "detached" });
  await page.keyboard.press("Control+b");
  await id("sidebar").waitFor({ state: "detached" });
  await page.keyboard.press("Control+b");
  await id("sidebar").waitFor();
  await close();
});

test("every stop of the Tab key has a name and a visible focus", async () => {
  const { page, id, close } = await openPage(browser, host);
  await host.call("send_message", { conversationId: null, modelId: null, text: "Name a herb." });
  await page.reload();
  await id("conversation-item").first().locator(".open").click();
  await id("message-assistant").waitFor();
  const seen = new Set();
  for (let step = 0; step < 40; step++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const visible = (node) => {
        const style = getComputedStyle(node);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      };
      // The composer shows its focus as the frame around it.
      const frame = element.closest("form")?.matches(":focus-within") && element.tagName === "TEXTAREA";
      return {
        id: element.getAttribute("data-testid") ?? element.tagName,
        name: element.getAttribute("aria-label") ?? element.textContent?.trim() ?? "",
        visible: frame || visible(element),
      };
    });
    if (!stop) continue;
    seen.add(stop.id);
    assert.notEqual(stop.name, "", `${stop.id} has a name`);
    assert.ok(stop.visible, `the focus on ${stop.id} can be seen`);
  }
  for (const wanted of ["new-conversation", "search", "conversation-menu", "open-settings", "model-picker", "messages", "regenerate", "composer"]) {
    assert.ok(seen.has(wanted), `${wanted} can be reached; seen: ${[...seen].join(", ")}`);
  }
  await close();
});
