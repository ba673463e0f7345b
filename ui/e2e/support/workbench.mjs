// The components by themselves (design mode), served under the window's own content security policy.
import { createServer } from "node:http";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("../../", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };

/** As src-tauri/tauri.conf.json states it. */
export function policy() {
  const { app } = JSON.parse(readFileSync(join(root, "../src-tauri/tauri.conf.json"), "utf8"));
  return Object.entries(app.security.csp).map(([name, value]) => `${name} ${value}`).join("; ");
}

export async function startWorkbench({ csp = policy() } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "opzest-workbench-"));
  await build({ root, mode: "fake", logLevel: "error", build: { outDir: folder, emptyOutDir: true } });
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, "http://x").pathname);
    const file = join(folder, path === "/" ? "index.html" : path);
    try {
      const content = readFileSync(file);
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-security-policy": csp });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    address: origin,
    at: (part, more = "") => `${origin}/?scene=components&part=${part}${more}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
