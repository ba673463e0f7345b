// The real window, driven by WebKitWebDriver.
// OPZEST_DESKTOP: the application. OPZEST_DATA: its data folder (default: a fresh one).
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Builder, By, Capabilities, until } from "selenium-webdriver";

const app = process.env.OPZEST_DESKTOP;
if (!app) throw new Error("OPZEST_DESKTOP must name the built application");
if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) throw new Error("a window needs a display: run this under xvfb-run");
const own = process.env.OPZEST_DATA ? null : mkdtempSync(join(tmpdir(), "opzest-window-"));
export const data = process.env.OPZEST_DATA ?? own;
export const ANSWER_MS = 180_000;
export const by = (id) => By.css(`[data-testid="${id}"]`);

/** Waits for an element, then clicks it. */
export async function click(window, id, ms = 10_000) {
  const found = await window.wait(until.elementLocated(typeof id === "string" ? by(id) : id), ms);
  await window.wait(until.elementIsVisible(found), ms);
  await found.click();
}

/** For the end: the data folder, if it was made here. */
export function forget() {
  if (own) rmSync(own, { recursive: true, force: true });
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** One life of the window, with a driver of its own. */
export async function withWindow(work) {
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
