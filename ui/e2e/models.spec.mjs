// Choosing, adding and measuring models; every failure is told where it was caused.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ANSWER_MS, launch, openPage } from "./support/browser.mjs";
import { freshFolder, prepare, startHost } from "./support/host.mjs";

let browser, host, folder;
before(async () => {
  browser = await launch();
  host = await startHost();
  folder = freshFolder();
  await prepare(host);
});
after(async () => {
  await browser?.close();
  await host?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function openFile(id, path) {
  await id("add-model").click();
  await id("path-input").fill(path);
  await id("path-open").click();
}

test("the embedded model is there, chosen, and cannot be removed", async () => {
  const { id, close } = await openPage(browser, host);
  await id("model-picker").click();
  await id("model-row").first().waitFor();
  assert.equal(await id("model-row").count(), 1);
  assert.equal(await id("model-choose").getAttribute("aria-pressed"), "true");
  assert.equal(await id("model-remove").count(), 0);
  await close();
});

test("a file that is no model is refused, with its name and the reason", async () => {
  const bad = join(folder, "holiday.gguf");
  writeFileSync(bad, "These are not weights.");
  const { page, id, close } = await openPage(browser, host);
  await id("model-picker").click();
  await openFile(id, bad);
  await id("add-model-error").filter({ hasText: "holiday.gguf" }).waitFor();
  assert.equal(await id("add-model-error").getAttribute("data-code"), "model_file");
  await openFile(id, join(folder, "nowhere.gguf"));
  await id("add-model-error").filter({ hasText: "nowhere.gguf" }).waitFor();
  await id("add-model").click();
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await id("model-row").count(), 1);
  await page.keyboard.press("Escape");
  await id("model-menu").waitFor({ state: "detached" });
  await close();
});

test("a model file can be added, is missed when it goes away, and can be removed", async () => {
  const [embedded] = await host.call("list_models");
  assert.ok(existsSync(embedded.location), `the embedded model lies at ${embedded.location}`);
  const file = join(folder, "my-own.gguf");
  copyFileSync(embedded.location, file);
  const { page, id, close } = await openPage(browser, host);
  await id("model-picker").click();
  await openFile(id, file);
  await id("model-menu").waitFor({ state: "detached" }); // it was chosen, and the menu closed
  rmSync(file);
  await page.reload();
  await id("model-picker").click();
  await id("model-problem").filter({ hasText: "my-own.gguf" }).waitFor();
  await id("model-remove").click();
  await id("model-problem").waitFor({ state: "detached" });
  assert.equal(await id("model-row").count(), 1);
  await close();
});

test("the speed of a model is measured", async () => {
  const { id, close } = await openPage(browser, host);
  await id("model-picker").click();
  await id("model-measure").first().click();
  await id("model-speed").waitFor({ timeout: ANSWER_MS });
  assert.match(await id("model-speed").innerText(), /Writes [\d.]+ and reads [\d.]+ tokens per second/);
  await close();
});
