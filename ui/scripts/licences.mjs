// The licences of what the bundle contains, for the About page: `npm run licences` writes public/licences.txt;
// with `--print` they go to the standard output instead.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
/** Packages whose code, fonts or drawings end up in dist/. */
const BUNDLED = ["@fontsource-variable/figtree", "@lucide/svelte", "@tauri-apps/api", "clsx", "dompurify", "esm-env", "highlight.js", "marked", "svelte"];

function licences() {
  return BUNDLED.map((name) => {
    const folder = `${root}node_modules/${name}`;
    const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    const texts = readdirSync(folder)
      .filter((file) => /^licen[cs]e/i.test(file))
      .sort()
      .map((file) => readFileSync(`${folder}/${file}`, "utf8").replaceAll("\r", "").trim());
    return `${name} ${version}: ${license}\n\n${texts.join("\n\n")}\n`;
  }).join(`\n${"-".repeat(72)}\n\n`);
}

if (process.argv.includes("--print")) process.stdout.write(licences());
else writeFileSync(`${root}public/licences.txt`, licences());
