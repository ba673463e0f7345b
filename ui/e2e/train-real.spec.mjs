// A model is really trained, in the page and with the real host: plan, run, pause and resume, verdict, promotion, rollback.
// Few short rows and one epoch; what takes long is the judging.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, openPage } from "./support/browser.mjs";
import { prepare, startHost } from "./support/host.mjs";

const LONG_MS = 400_000;
let host, browser;
before(async () => {
  [host, browser] = await Promise.all([startHost(), launch()]);
  await prepare(host, { threads: 1 });
});
after(async () => {
  await browser?.close();
  await host?.stop();
});

/** Forty thanks, each with a stiff version that was turned down: enough to be ready. */
function rows() {
  const names = ["Ana", "Marko", "Iva", "Luka", "Mia", "Petar", "Sara", "Ivan"];
  const things = ["the plants", "the keys", "the letter", "the cake", "the bicycle"];
  return names.flatMap((name) =>
    things.map((thing) =>
      JSON.stringify({
        prompt: [{ role: "user", content: `Thank ${name} for ${thing}, shortly.` }],
        chosen: [{ role: "assistant", content: `Dear ${name}, thank you for ${thing}! Warm regards, Ana` }],
        rejected: [{ role: "assistant", content: `To whom it may concern: receipt of ${thing} is hereby acknowledged.` }],
      }),
    ),
  );
}

test("from rows to a model that works, and back", async () => {
  const file = join(host.data, "rows.jsonl");
  writeFileSync(file, `${rows().join("\n")}\n`);
  const { id: useCaseId } = await host.call("create_use_case", { name: "Letters" });
  await host.call("import_dataset", { path: file, useCaseId });

  const { page, id, close } = await openPage(browser, host, { view: "train", width: 1280, height: 900 });
  await page.locator(`[data-testid=train-use-case][data-id="${useCaseId}"]`).getByTestId("plan").click();
  await id("plan-time").waitFor({ timeout: LONG_MS });
  await id("plan-settings").getByRole("button").first().click();
  await id("setting-epochs").fill("1");
  await page.keyboard.press("Tab");
  await id("train-start").and(page.locator(":enabled")).waitFor({ timeout: LONG_MS });
  await page.locator("[data-testid=plan-cost]", { hasText: "9 steps" }).waitFor({ timeout: LONG_MS });

  await id("train-start").click();
  await id("run-pause").click({ timeout: LONG_MS });
  await id("run-resume").click({ timeout: LONG_MS });
  await id("curve").first().waitFor({ timeout: LONG_MS });
  // Going elsewhere loses nothing.
  await page.keyboard.press("Control+2");
  await id("example-row").first().waitFor();
  await page.keyboard.press("Control+5");

  await id("verdict").waitFor({ timeout: LONG_MS });
  assert.equal(await id("verdict").getAttribute("data-verdict"), "win");
  await id("samples").waitFor();
  const run = (await host.call("training_overview")).runs[0];
  const { metrics } = await host.call("open_run", { runId: run.id });
  await id("curve-table").getByRole("button").first().click();
  const curveRows = id("curve-table").locator("tbody tr");
  await curveRows.nth(metrics.length - 1).waitFor();
  assert.equal(await curveRows.count(), metrics.length);

  await id("promote").click();
  await id("run-promoted").waitFor({ timeout: LONG_MS });
  assert.deepEqual((await host.call("training_overview")).useCases.find((one) => one.useCaseId === useCaseId).inUse.map((model) => model.runId), [run.id]);
  await page.keyboard.press("Control+4");
  await page.locator("[data-testid=teacher]", { hasText: "Works first in Letters" }).waitFor();
  await page.keyboard.press("Control+5");
  await id("roll-back").first().click();
  await id("promote").waitFor({ timeout: LONG_MS });
  assert.deepEqual((await host.call("training_overview")).useCases.find((one) => one.useCaseId === useCaseId).inUse, []);

  // Judged once more; then its model reads what nobody has labelled.
  await id("judge-again").click();
  await id("judging").waitFor();
  await id("judging").waitFor({ state: "detached", timeout: LONG_MS });
  assert.equal(await id("judge-error").count(), 0);
  assert.equal(await id("verdict").getAttribute("data-verdict"), "win");
  await id("back-to-training").click();
  await page.locator(`[data-testid=train-use-case][data-id="${useCaseId}"]`).getByTestId("plan").click();
  await id("plan-soft").getByText("0 %", { exact: true }).waitFor({ timeout: LONG_MS });
  await id("soft-labels").getByRole("button").first().click();
  await id("label-start").click();
  await id("label-report").getByText("40 labelled.").waitFor({ timeout: LONG_MS });
  await id("plan-soft").getByText("100 %").waitFor({ timeout: LONG_MS });
  await close();
});
