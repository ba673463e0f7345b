// The list of conversations: searching, renaming, exporting, deleting.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { ask, launch, openPage } from "./support/browser.mjs";
import { prepare, startHost } from "./support/host.mjs";

let browser, host;
before(async () => {
  browser = await launch();
  host = await startHost();
  await prepare(host, { tokens: 12 });
  for (const text of ["How do I repot a marzipan plant?", "Is a quokka a bear?"]) {
    await host.call("send_message", { conversationId: null, modelId: null, text });
  }
});
after(async () => {
  await browser?.close();
  await host?.stop();
});

const row = (id, text) => id("conversation-item").filter({ hasText: text });

test("search finds words inside conversations and marks them", async () => {
  const { page, id, close } = await openPage(browser, host);
  await row(id, "quokka").waitFor();
  assert.equal(await id("conversation-item").count(), 2);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("marzip");
  const hit = id("hit").locator("mark");
  await hit.first().waitFor();
  assert.match((await hit.first().innerText()).toLowerCase(), /marzip/);
  assert.equal(await id("conversation-item").count(), 1);
  await page.keyboard.press("Enter");
  await id("message-user").filter({ hasText: "marzipan" }).waitFor();
  await id("search").fill("thiswordisnowhere");
  await id("search-empty").waitFor();
  await page.keyboard.press("Escape");
  await row(id, "quokka").waitFor();
  await close();
});

test("a title is changed in place and stays changed", async () => {
  const { page, id, close } = await openPage(browser, host);
  await row(id, "quokka").hover();
  await row(id, "quokka").getByTestId("conversation-menu").click();
  await id("rename").click();
  await id("rename-input").fill("Animals of Australia");
  await page.keyboard.press("Enter");
  await row(id, "Animals of Australia").waitFor();
  await page.reload();
  await row(id, "Animals of Australia").waitFor();
  await close();
});

for (const [format, look] of [["markdown", (text) => assert.match(text, /marzipan/)], ["json", (text) => assert.ok(JSON.stringify(JSON.parse(text)).includes("marzipan"))]]) {
  test(`a conversation is exported as ${format}`, async () => {
    const { page, id, close } = await openPage(browser, host);
    await row(id, "marzipan").hover();
    await row(id, "marzipan").getByTestId("conversation-menu").click();
    const downloading = page.waitForEvent("download");
    await id(`export-${format}`).click();
    look(await readFile(await (await downloading).path(), "utf8"));
    await id("toast").filter({ hasText: "Saved" }).waitFor();
    await close();
  });
}

test("deleting asks first and then removes it for good", async () => {
  const { page, id, close } = await openPage(browser, host);
  await ask(page, "Remember the word tarragon.");
  await row(id, "tarragon").getByTestId("conversation-menu").click();
  await id("delete").click();
  await page.getByRole("button", { name: "Keep it" }).click();
  await row(id, "tarragon").waitFor();
  await row(id, "tarragon").getByTestId("conversation-menu").click();
  await id("delete").click();
  await id("delete-confirm").click();
  await id("empty-conversation").waitFor();
  assert.equal(await row(id, "tarragon").count(), 0);
  await page.reload();
  await row(id, "marzipan").waitFor();
  assert.equal(await row(id, "tarragon").count(), 0);
  assert.equal((await host.call("list_conversations", { query: "tarragon", limit: 5 })).total, 0);
  await close();
});
