// Draws assets/*.svg from the one geometry of the mark and lets the Tauri tool make the window's icons from them.
// `npm run icons`; the results are committed, so building needs none of this.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { segments } = (await runnerImport(join(root, "ui/src/lib/citrus.ts"))).module;
const PEEL = "#f39c1f";
const LEMON = "#ffd233";
const LEAF = "#24643b";
const PITH = "#fffbea";

function slice({ pith, own }) {
  const body = segments(8, 8.4, 1.5)
    .map((path, index) => `<path d="${path}" fill="${index === 0 ? own : LEMON}" stroke="${index === 0 ? own : LEMON}"/>`)
    .join("");
  return (
    `<circle cx="12" cy="12" r="10.7" fill="${pith}" stroke="${PEEL}" stroke-width="1.7"/>` +
    `<g stroke-width=".7" stroke-linejoin="round">${body}</g>`
  );
}

const mark = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${slice({ pith: PITH, own: LEAF })}</svg>\n`;
const icon =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1024 1024" width="1024" height="1024">` +
  `<defs><linearGradient id="g" x2="0" y2="1"><stop stop-color="#2c7346"/><stop offset="1" stop-color="#163d26"/></linearGradient></defs>` +
  `<rect x="64" y="64" width="896" height="896" rx="208" fill="url(#g)"/>` +
  `<g transform="translate(152 152) scale(30)">${slice({ pith: PITH, own: LEAF })}</g></svg>\n`;

mkdirSync(join(root, "assets"), { recursive: true });
writeFileSync(join(root, "assets/mark.svg"), mark);
writeFileSync(join(root, "assets/icon.svg"), icon);
mkdirSync(join(root, "ui/public"), { recursive: true });
copyFileSync(join(root, "assets/mark.svg"), join(root, "ui/public/favicon.svg"));

const made = mkdtempSync(join(tmpdir(), "opzest-icons-"));
execFileSync(join(root, "ui/node_modules/.bin/tauri"), ["icon", join(root, "assets/icon.svg"), "--output", made], { stdio: "inherit" });
mkdirSync(join(root, "src-tauri/icons"), { recursive: true });
for (const name of ["32x32.png", "128x128.png", "128x128@2x.png", "icon.png", "icon.ico", "icon.icns"]) {
  copyFileSync(join(made, name), join(root, "src-tauri/icons", name));
}
rmSync(made, { recursive: true });
