// The first start, the next start, and a start that cannot be.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage } from "./support/browser.mjs";
import { freshFolder, startHost } from "./support/host.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

test("the first start explains itself once, and the window reports that it can be used", async (t) => {
  const host = await startHost();
  t.after(host.stop);
  const { page, id, close } = await openPage(browser, host, { path: null });
  const ready = page.waitForResponse((response) => response.url().endsWith("/api/call/ui_ready"));
  await page.goto(host.address);
  await id("welcome").waitFor();
  assert.match(await id("welcome").innerText(), /Nothing you type\s+leaves this computer/);
  assert.equal((await ready).status(), 200);
  await id("welcome-start").click();
  await id("composer").waitFor();
  await id("empty-conversation").waitFor();
  await id("list-empty").waitFor();
  await page.reload();
  await id("composer").waitFor();
  assert.equal(await id("welcome").count(), 0);
  await close();
});

test("the composer has the keyboard as soon as it is there", async (t) => {
  const host = await startHost();
  t.after(host.stop);
  await host.call("finish_welcome");
  const { page, id, close } = await openPage(browser, host);
  await id("composer").waitFor();
  await page.keyboard.type("typed blindly");
  assert.equal(await id("composer").inputValue(), "typed blindly");
  await close();
});

test("a second OpZest on the same folder says so, and takes over when the first has ended", async (t) => {
  const data = freshFolder();
  const first = await startHost({ data, keep: true });
  t.after(first.stop);
  await first.call("finish_welcome");
  const second = await startHost({ data });
  t.after(second.stop);
  const { page, id, close } = await openPage(browser, second);
  await id("problem").waitFor();
  assert.equal(await id("problem").getAttribute("data-code"), "data_folder_in_use");
  assert.match(await id("problem").innerText(), new RegExp(data));
  await id("problem-retry").click();
  await page.locator("[data-testid=problem-retry]:enabled").waitFor(); // it has tried
  await id("problem").waitFor();
  await first.stop();
  await id("problem-retry").click();
  await id("composer").waitFor();
  await close();
});
