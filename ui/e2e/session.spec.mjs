// A session of each workflow on the real host with the embedded model alone: from a request to a saved product. A
// small model writes poor work, so the verdicts and the user's own version are scripted.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ANSWER_MS, launch, openPage } from "./support/browser.mjs";
import { freshFolder, prepare, startHost } from "./support/host.mjs";
import { OWN, shortWorkflows } from "./support/sessions.mjs";

let browser, host;
before(async () => {
  const data = freshFolder();
  shortWorkflows(data);
  [browser, host] = await Promise.all([launch(), startHost({ data })]);
  await prepare(host);
});
after(async () => {
  await browser?.close();
  await host?.stop();
});

/** Until the user is asked about an attempt, or all attempts have failed. */
async function asked(id) {
  await id("quick-redo").or(id("stuck")).first().waitFor({ timeout: ANSWER_MS });
}

for (const [workflow, text] of Object.entries(OWN)) {
  test(`${workflow}: from a request to a saved product`, async () => {
    const { page, id, close } = await openPage(browser, host, { width: 1280, height: 840, view: "workshop" });
    if (await id("new-session").isVisible().catch(() => false)) await id("new-session").click();
    await id("request").fill("Something small about the time 12:00.");
    await id(`workflow-${workflow}`).check({ force: true });
    await id("own-plan").getByRole("button").first().click();
    if (!(await id("own-step").first().isVisible())) await id("own-step-add").click();
    await id("own-step").first().fill("Write it in three lines");
    await id("start").click();
    await id("approve-plan").waitFor({ timeout: ANSWER_MS });
    await id("approve-plan").click();
    await asked(id);
    if (await id("quick-redo").isVisible()) {
      await id("quick-redo").click();
      await id("quick-redo").waitFor({ state: "hidden" });
      await asked(id);
    }
    await id("result-tabs-edit").click();
    const editor = page.locator(".cm-content[contenteditable=true]");
    await editor.or(id("write-own")).first().waitFor();
    if (await id("write-own").isVisible()) await id("write-own").click();
    await editor.click();
    await page.keyboard.press("Control+KeyA");
    await page.keyboard.insertText(text);
    // What is not sent yet survives a reload.
    await id("hand-edit").waitFor();
    await page.reload();
    await id("hand-use").click();
    await id("finished").waitFor();
    const folder = join(host.data, `product of ${workflow}`);
    await id("save-product").first().click();
    await id("path-input").fill(folder);
    await id("path-open").click();
    const session = (await host.call("list_sessions", { query: null, limit: 1 })).items[0];
    assert.equal(session.status, "finished");
    const { workflow: used, versions } = await host.call("open_session", { id: session.id });
    await page.waitForFunction(() => document.body.textContent.includes("Saved"), undefined, { timeout: 20_000 });
    assert.equal(readFileSync(join(folder, used.fileName), "utf8"), text);
    assert.equal(versions.at(-1).files[0].text, text);

    const filter = { sessionId: session.id };
    const rows = await host.call("list_examples", { filter, after: null, limit: 50 });
    assert.ok(rows.total >= 2, `${rows.total} rows`);
    for (const row of rows.items) assert.ok(!row.pending && row.byHand, JSON.stringify(row));
    await close();
  });
}

test("the Harvest shows the rows of the sessions", async () => {
  const { id, close } = await openPage(browser, host, { width: 1280, height: 840, view: "harvest" });
  await id("example-count").waitFor();
  assert.match(await id("example-count").innerText(), /[1-9]/);
  await close();
});
