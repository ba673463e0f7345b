// The real window, driven by WebKitWebDriver: first start, a question, streamed text, quit, start again, still there.
// OPZEST_DESKTOP: the application. OPZEST_DATA: its data folder (default: a fresh one). OPZEST_SHOT: where a picture goes.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Builder, By, Capabilities, until } from "selenium-webdriver";

const app = process.env.OPZEST_DESKTOP;
if (!app) throw new Error("OPZEST_DESKTOP must name the built application");
if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) throw new Error("a window needs a display: run this under xvfb-run");
const own = process.env.OPZEST_DATA ? null : mkdtempSync(join(tmpdir(), "opzest-window-"));
const data = process.env.OPZEST_DATA ?? own;
const ANSWER_MS = 180_000;
/** The answer once its renderer is loaded; for a moment before, the page shows the Markdown itself. */
const RENDERED = ".prose:not(:has(> .raw))";
const by = (id) => By.css(`[data-testid="${id}"]`);

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** One life of the window, with a driver of its own. */
async function withWindow(work) {
  const port = await freePort();
  const log = [];
  const driver = spawn("/usr/bin/WebKitWebDriver", [`--port=${port}`], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, OPZEST_DATA: data, TAURI_WEBVIEW_AUTOMATION: "true" },
  });
  for (const stream of [driver.stdout, driver.stderr]) stream.on("data", (part) => log.push(String(part)));
  const gone = new Promise((resolve) => driver.once("exit", resolve));
  let window;
  try {
    window = await connect(port, driver);
    return await work(window);
  } catch (error) {
    error.message += `\nlog of the driver and the window:\n${log.join("").slice(-6000)}`;
    throw error;
  } finally {
    await window?.quit().catch((error) => console.error(`quit: ${error.message}`));
    // The driver ends the window after it has answered the quit: ended itself too early, it would not.
    await released().finally(() => driver.kill());
    await gone;
  }
}

/** The window's process is gone when the data folder's lock is free. */
async function released() {
  const deadline = Date.now() + 20_000;
  while (spawnSync("flock", ["--nonblock", join(data, "opzest.lock"), "true"]).status !== 0) {
    if (Date.now() > deadline) throw new Error("the window's process does not end");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function connect(port, driver) {
  const capabilities = new Capabilities();
  capabilities.set("webkitgtk:browserOptions", { binary: app, args: [] });
  const deadline = Date.now() + 20_000;
  while (driver.exitCode === null) {
    const up = await fetch(`http://127.0.0.1:${port}/status`).then((answer) => answer.ok, () => false);
    if (up) break;
    if (Date.now() > deadline) throw new Error("WebKitWebDriver does not answer");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const build = () =>
    new Builder().withCapabilities(capabilities).forBrowser("wry").usingServer(`http://127.0.0.1:${port}/`).build();
  try {
    return await build();
  } catch (error) {
    // The first session of a machine that has just started sometimes times out.
    console.error(`no session, once more: ${error.message}`);
    return build();
  }
}

const QUESTION = "Name three fruits that are yellow.";

try {
  const answer = await withWindow(async (window) => {
    await (await window.wait(until.elementLocated(by("welcome-start")), 30_000)).click();
    await (await window.wait(until.elementLocated(by("go-assistant")), 10_000)).click();
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
    await (await window.wait(until.elementLocated(by("go-assistant")), 30_000)).click();
    const item = By.css('[data-testid="conversation-item"] .open');
    await (await window.wait(until.elementLocated(item), 30_000)).click();
    const prose = await window.wait(until.elementLocated(By.css(`[data-testid=message-assistant] ${RENDERED}`)), 10_000);
    assert.equal(await window.findElement(By.css("[data-testid=message-user] .bubble")).getText(), QUESTION);
    assert.equal(await prose.getText(), answer);
    assert.equal((await window.findElements(by("welcome"))).length, 0);
  });
  console.log("The window answers, and remembers.");
} finally {
  if (own) rmSync(own, { recursive: true, force: true });
}
