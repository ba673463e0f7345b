// The built page, under the host's own content security policy, with an answer that attacks it.
// Only the stored answer is replaced on its way; a real model cannot be made to write these on demand.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { launch, openPage } from "./support/browser.mjs";
import { prepare, startHost } from "./support/host.mjs";

let browser, host, trap, trapped;
before(async () => {
  browser = await launch();
  host = await startHost();
  await prepare(host, { tokens: 4 });
  await host.call("send_message", { conversationId: null, modelId: null, text: "Hello" });
  trapped = [];
  trap = createServer((request, response) => {
    trapped.push(request.url);
    response.end();
  });
  await new Promise((resolve) => trap.listen(0, "127.0.0.1", resolve));
});
after(async () => {
  await browser?.close();
  await host?.stop();
  await new Promise((resolve) => trap?.close(resolve) ?? resolve());
});

test("nothing in an answer runs, loads, sends or navigates", async () => {
  const evil = `http://127.0.0.1:${trap.address().port}`;
  const text = [
    `![pixel](${evil}/pixel.png)`,
    `<img src="${evil}/img.png" onerror="window.hacked=1">`,
    `<script>window.hacked=2</script><script src="${evil}/x.js"></script>`,
    `<iframe src="${evil}/frame"></iframe><object data="${evil}/object"></object><embed src="${evil}/embed">`,
    `<style>body{background:url(${evil}/style)}</style><p style="background:url(${evil}/attr)">x</p>`,
    `<meta http-equiv="refresh" content="0;url=${evil}/meta"><base href="${evil}/">`,
    `<svg onload="window.hacked=3"><image href="${evil}/svg"/></svg>`,
    `<form action="${evil}/form"><button>Press</button></form>`,
    `[run](javascript:window.hacked=4) [open](${evil}/page)`,
    `<video poster="${evil}/poster" src="${evil}/video" autoplay></video>`,
    "```html\n<script>window.hacked=5</script>\n```",
    "The end.",
  ].join("\n\n");
  const { page, id, close } = await openPage(browser, host);
  await page.route("**/api/call/open_conversation", async (route) => {
    const answer = await route.fetch();
    const entry = JSON.parse((await answer.text()).trim().split("\n").at(-1));
    entry.result.messages.at(-1).text = text;
    await route.fulfill({ response: answer, body: `${JSON.stringify(entry)}\n` });
  });
  await id("conversation-item").first().locator(".open").click();
  await page.getByText("The end.").waitFor();
  await id("code-block").locator(".hljs-tag").first().waitFor();
  const answer = id("message-assistant");
  assert.equal(await answer.locator("img, iframe, script, style, object, embed, video, form, meta, base").count(), 0);
  const address = page.url();
  const link = answer.locator("[data-address]", { hasText: "open" });
  await link.click();
  await id("toast").filter({ hasText: `${evil}/page` }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${evil}/page`);
  await answer.getByText("run").click();
  assert.equal(page.url(), address);
  assert.equal(page.context().pages().length, 1);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.deepEqual(trapped, []);
  await close();
});
