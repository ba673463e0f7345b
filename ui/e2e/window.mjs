// The real window: first start, a question, streamed text, quit, start again, still there.
// OPZEST_DESKTOP, OPZEST_DATA: see support/window.mjs. OPZEST_SHOT: where a picture goes.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { By, until } from "selenium-webdriver";
import { ANSWER_MS, by, click, forget, withWindow } from "./support/window.mjs";

/** The answer once its renderer is loaded; for a moment before, the page shows the Markdown itself. */
const RENDERED = ".prose:not(:has(> .raw))";
const QUESTION = "Name three fruits that are yellow.";

try {
  const answer = await withWindow(async (window) => {
    await click(window, "welcome-start", 30_000);
    await click(window, "go-assistant");
    const composer = await window.wait(until.elementLocated(by("composer")), 10_000);
    // Every length that the growing answer has on the page.
    await window.executeScript(() => {
      window.lengths = [];
      new MutationObserver(() => {
        const prose = document.querySelector("[data-testid=message-assistant][data-status=streaming] .prose");
        const length = prose?.textContent.length ?? 0;
        if (length > (window.lengths.at(-1) ?? 0)) window.lengths.push(length);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await composer.sendKeys(QUESTION);
    await window.findElement(by("send")).click();
    const done = By.css(
      ["complete", "cutByLimit"].map((status) => `[data-testid=message-assistant][data-status=${status}] ${RENDERED}`).join(","),
    );
    const prose = await window.wait(until.elementLocated(done), ANSWER_MS);
    const lengths = await window.executeScript(() => window.lengths);
    assert.ok(lengths.length >= 2, `the answer grew on the page in ${lengths.length} steps`);
    if (process.env.OPZEST_SHOT) writeFileSync(process.env.OPZEST_SHOT, Buffer.from(await window.takeScreenshot(), "base64"));
    return prose.getText();
  });
  assert.notEqual(answer.trim(), "");

  await withWindow(async (window) => {
    await click(window, "go-assistant", 30_000);
    await click(window, By.css('[data-testid="conversation-item"] .open'), 30_000);
    const prose = await window.wait(until.elementLocated(By.css(`[data-testid=message-assistant] ${RENDERED}`)), 10_000);
    assert.equal(await window.findElement(By.css("[data-testid=message-user] .bubble")).getText(), QUESTION);
    assert.equal(await prose.getText(), answer);
    assert.equal((await window.findElements(by("welcome"))).length, 0);
  });
  console.log("The window answers, and remembers.");
} finally {
  forget();
}
