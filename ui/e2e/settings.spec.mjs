// Settings take effect at once and are kept.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, launch, openPage } from "./support/browser.mjs";
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

const stored = async () => (await host.call("read_settings")).settings;

test("the longest answer limits the next answer, which says so", async () => {
  const { page, id, close } = await openPage(browser, host);
  await id("composer").waitFor();
  await page.keyboard.press("Control+,");
  await id("setting-max-answer").fill("5");
  await page.keyboard.press("Tab");
  await id("settings-saved").filter({ hasText: "Saved" }).waitFor();
  assert.equal((await stored()).maxAnswerTokens, 5);
  await page.keyboard.press("Escape");
  await id("settings").waitFor({ state: "detached" });
  await ask(page, "Describe the ocean in detail, in at least ten sentences.");
  assert.match(await id("ending").innerText(), /longest length that the settings allow/);
  await close();
});

test("temperature, instruction and threads are kept over a reload", async () => {
  const { page, id, close } = await openPage(browser, host);
  await id("open-settings").click();
  await id("setting-system-prompt").fill("Answer like a gardener.");
  await id("setting-temperature").focus();
  await page.keyboard.press("Home");
  await page.getByText("For those who want to tune further").click();
  await id("setting-seed-automatic").setChecked(false);
  await id("settings-tab-computer").click();
  assert.match(await id("setting-threads").inputValue(), /\d+ on this computer/);
  await id("setting-threads-automatic").setChecked(false);
  await id("setting-threads").fill("1");
  await page.keyboard.press("Tab");
  assert.match(await id("memory").innerText(), /needed, .* free/);
  await page.waitForFunction(() => document.querySelector("[data-testid=settings-saved]").textContent.includes("Saved"));
  await page.reload();
  await id("open-settings").click();
  await id("setting-system-prompt").waitFor();
  assert.equal(await id("setting-system-prompt").inputValue(), "Answer like a gardener.");
  assert.equal(await id("setting-temperature-value").innerText(), "0.00");
  const values = await stored();
  assert.deepEqual([values.systemPrompt, values.temperature, values.threads, values.seed], ["Answer like a gardener.", 0, 1, 1]);
  await host.call("change_settings", { settings: { ...values, systemPrompt: null, threads: null, seed: null } });
  await close();
});

test("the licences of what is built in can be read", async () => {
  const { page, id, close } = await openPage(browser, host);
  await id("open-settings").click();
  await id("settings-tab-about").click();
  await id("licences").click();
  await page.getByText("SIL OPEN FONT LICENSE").first().waitFor();
  await close();
});

test("what is no number is refused at its field and changes nothing", async () => {
  const { page, id, close } = await openPage(browser, host);
  const before = await stored();
  await id("open-settings").click();
  await id("setting-max-answer").fill("plenty");
  await page.keyboard.press("Tab");
  await id("inline-error").filter({ hasText: "plenty" }).waitFor();
  assert.deepEqual(await stored(), before);
  await close();
});

test("dark is dark at once, and from the first frame of the next start", async () => {
  const { page, id, close } = await openPage(browser, host);
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await id("composer").waitFor();
  const light = await background();
  await id("open-settings").click();
  await id("settings-tab-look").click();
  await page.getByRole("radio", { name: "Dark" }).check({ force: true });
  await page.waitForFunction((before) => getComputedStyle(document.body).backgroundColor !== before, light);
  const dark = await background();
  await id("settings-saved").filter({ hasText: "Saved" }).waitFor();
  await page.reload();
  await id("composer").waitFor();
  assert.equal(await background(), dark);
  assert.equal((await stored()).theme, "dark");
  await host.call("change_settings", { settings: { ...(await stored()), theme: "system" } });
  await close();
});
