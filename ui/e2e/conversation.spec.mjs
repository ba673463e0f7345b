// Asking the embedded model, and what can be done with its answers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answered, ANSWER_MS, ask, launch, openPage, RENDERED } from "./support/browser.mjs";
import { prepare, startHost } from "./support/host.mjs";

let browser, host;
before(async () => {
  browser = await launch();
  host = await startHost();
  await prepare(host);
});
after(async () => {
  await browser?.close();
  await host?.stop();
});

test("an answer appears piece by piece, with its speed and its use of the context", async () => {
  const { page, id, close } = await openPage(browser, host);
  await id("composer").waitFor();
  // Remembers every length that the growing answer has on the page. Marks go once they are closed, so it may shrink a little.
  await page.evaluate(() => {
    window.lengths = new Set();
    new MutationObserver(() => {
      const answer = document.querySelector("[data-testid=message-assistant][data-status=streaming] .prose");
      if (answer) window.lengths.add(answer.textContent.length);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await id("composer").fill("Name three fruits.");
  await page.keyboard.press("Enter");
  await id("stop").waitFor();
  await answered(page, 0);
  const lengths = await page.evaluate(() => [...window.lengths]);
  assert.ok(lengths.length >= 3, `the text grew in ${lengths.length} steps`);
  assert.ok(lengths.at(-1) > lengths[0], `from ${lengths[0]} to ${lengths.at(-1)} characters`);
  assert.equal(await id("message-user").locator(".bubble").innerText(), "Name three fruits.");
  assert.match(await id("answer-stats").innerText(), /tokens\/s/);
  assert.match(await id("context-meter").innerText(), /\d+ %/);
  assert.equal(await id("composer").inputValue(), "");
  assert.equal(await id("conversation-item").count(), 1);
  assert.match(await id("title").innerText(), /Name three fruits/);
  await close();
});

test("a stopped answer keeps what was written and says that it was stopped", async () => {
  await prepare(host, { tokens: 4000 });
  const { page, id, close } = await openPage(browser, host);
  await id("composer").fill("Write a very long story about a lemon tree, with many chapters.");
  await id("send").click();
  await page.locator("[data-testid=message-assistant][data-status=streaming] .prose").waitFor({ timeout: ANSWER_MS });
  await page.keyboard.press("Escape");
  const stopped = page.locator("[data-testid=message-assistant][data-status=stopped]");
  await stopped.waitFor();
  assert.match(await stopped.getByTestId("ending").innerText(), /You stopped this answer/);
  const text = await stopped.locator(RENDERED).innerText();
  assert.ok(text.trim().length > 0);
  await page.reload();
  assert.equal((await stopped.locator(RENDERED).innerText()).trim(), text.trim());
  await prepare(host);
  await close();
});

test("answering again makes a second version; both can be read, and a reload keeps the chosen one", async () => {
  await prepare(host, { temperature: 1.2 });
  const { page, id, close } = await openPage(browser, host);
  const first = await ask(page, "Give me a name for a cat.");
  await id("regenerate").click();
  await id("variant-position").waitFor({ timeout: ANSWER_MS });
  await answered(page, 0);
  assert.equal(await id("variant-position").innerText(), "2 / 2");
  const second = await id("message-assistant").locator(RENDERED).innerText();
  await id("variant-previous").click();
  await id("variant-position").filter({ hasText: "1 / 2" }).waitFor();
  assert.equal(await id("message-assistant").locator(RENDERED).innerText(), first);
  await page.reload();
  await id("variant-position").filter({ hasText: "1 / 2" }).waitFor();
  await id("variant-next").click();
  await id("variant-position").filter({ hasText: "2 / 2" }).waitFor();
  assert.equal(await id("message-assistant").locator(RENDERED).innerText(), second);
  await close();
});

test("a reload keeps the conversation and the unsent draft", async () => {
  const { page, id, close } = await openPage(browser, host);
  const text = await ask(page, "Say one kind sentence.");
  await id("composer").fill("half a thought");
  await page.reload();
  await id("message-assistant").locator(RENDERED).waitFor();
  assert.equal((await id("message-assistant").locator(RENDERED).innerText()).trim(), text.trim());
  assert.equal(await id("composer").inputValue(), "half a thought");
  await close();
});

test("another conversation can be read while one is answered", async () => {
  await prepare(host, { tokens: 300 });
  const { page, id, close } = await openPage(browser, host);
  await id("composer").fill("Tell me a long story about the sea.");
  await id("send").click();
  await page.locator("[data-testid=message-assistant][data-status=streaming]").waitFor();
  await id("new-conversation").click();
  await id("empty-conversation").waitFor();
  await id("conversation-item").filter({ hasText: "about the sea" }).locator(".open").click();
  const answer = page.locator("[data-testid=message-assistant]");
  await answer.waitFor();
  assert.equal(await answer.getAttribute("data-status"), "streaming");
  await id("stop").click();
  await page.locator("[data-testid=message-assistant][data-status=stopped]").waitFor();
  await prepare(host);
  await close();
});

test("an answer is copied as it was written", async () => {
  const { page, id, close } = await openPage(browser, host);
  await ask(page, "Write the word lemon in bold.");
  await id("copy-answer").click();
  await id("toast").filter({ hasText: "Answer copied" }).waitFor();
  const { items } = await host.call("list_conversations", { query: null, limit: 1 });
  const { messages } = await host.call("open_conversation", { id: items[0].id });
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), messages.at(-1).text);
  await close();
});

test("the view follows the answer until the reader scrolls up, and offers to jump back", async () => {
  const { page, id, close } = await openPage(browser, host, { height: 420 });
  // The question alone fills the window, however short the answer is.
  await ask(page, Array.from({ length: 30 }, (_, line) => `Line ${line + 1}.`).join("\n"));
  const gap = () => id("messages").evaluate((area) => area.scrollHeight - area.scrollTop - area.clientHeight);
  assert.ok((await id("messages").evaluate((area) => area.scrollHeight - area.clientHeight)) > 100, "the answer fills the window");
  assert.ok((await gap()) < 40);
  await id("messages").hover();
  await page.mouse.wheel(0, -2000);
  await id("jump-to-latest").click();
  await page.waitForFunction(() => {
    const area = document.querySelector("[data-testid=messages]");
    return area.scrollHeight - area.scrollTop - area.clientHeight < 40;
  });
  assert.equal(await id("jump-to-latest").count(), 0);
  await close();
});
