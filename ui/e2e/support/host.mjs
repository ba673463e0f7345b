// Starts the real development host, with the embedded model, on a fresh data folder.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const UI = fileURLToPath(new URL("../../dist", import.meta.url));
const START_MS = 60_000;

export function freshFolder() {
  return mkdtempSync(join(tmpdir(), "opzest-e2e-"));
}

function program() {
  const path = process.env.OPZEST_DEVHOST;
  if (!path) throw new Error("OPZEST_DEVHOST must name the development host's binary: these tests talk to the real application");
  return path;
}

/** A running host; `stop` ends it and, unless the caller brought its own, removes its data folder. */
export async function startHost({ data = freshFolder(), keep = false } = {}) {
  const child = spawn(program(), ["--data", data, "--ui", UI, "--port", "0"], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.on("data", (part) => {
    errors = (errors + part).slice(-8000);
  });
  const address = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the host did not start within ${START_MS} ms:\n${errors}`)), START_MS);
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = /listening on (http:\/\/127\.0\.0\.1:\d+\/#token=\S+)/.exec(line);
      if (!found) return;
      clearTimeout(timer);
      resolve(found[1]);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the host ended with ${code}:\n${errors}`)));
  });
  const origin = new URL(address).origin;
  const token = new URLSearchParams(new URL(address).hash.slice(1)).get("token");

  /** For arranging and checking what a test is not about. */
  async function call(name, args = {}) {
    const answer = await fetch(`${origin}/api/call/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-opzest-token": token },
      body: JSON.stringify(args),
    });
    const last = (await answer.text()).trim().split("\n").at(-1);
    const entry = JSON.parse(last);
    if ("error" in entry) throw Object.assign(new Error(`${name}: ${entry.error.message}`), { ui: entry.error });
    return entry.result;
  }

  async function stop() {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await ended;
    }
    if (!keep) rmSync(data, { recursive: true, force: true });
  }

  return { address, origin, data, call, stop };
}

/** Past the welcome page, with answers of at most `tokens` tokens, so that a test takes seconds. */
export async function prepare(host, { tokens = 40, ...more } = {}) {
  await host.call("finish_welcome");
  const { settings } = await host.call("read_settings");
  await host.call("change_settings", { settings: { ...settings, maxAnswerTokens: tokens, ...more } });
}
