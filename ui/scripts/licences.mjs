// The licences of what the bundle contains, for the About page: `npm run licences` writes public/licences.txt;
// with `--print` they go to the standard output instead.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
/** Development packages whose code, fonts or drawings end up in dist/ as well. */
const ALSO = ["@fontsource-variable/figtree", "@lucide/svelte", "clsx", "esm-env", "svelte"];

const described = (folder) => JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));

/** The dependencies, and what they depend on. */
function bundled() {
  const found = new Set(ALSO);
  const add = (names) => {
    for (const name of names) {
      if (found.has(name)) continue;
      found.add(name);
      add(Object.keys(described(`${root}node_modules/${name}`).dependencies ?? {}));
    }
  };
  add(Object.keys(described(root).dependencies));
  return [...found].sort();
}

function licences() {
  return bundled().map((name) => {
    const folder = `${root}node_modules/${name}`;
    const { version, license } = described(folder);
    const texts = readdirSync(folder)
      .filter((file) => /^licen[cs]e/i.test(file))
      .sort()
      .map((file) => readFileSync(`${folder}/${file}`, "utf8").replaceAll("\r", "").trim());
    if (texts.length === 0) throw new Error(`the package ${name} has no licence text to show`);
    return `${name} ${version}: ${license}\n\n${texts.join("\n\n")}\n`;
  }).join(`\n${"-".repeat(72)}\n\n`);
}

if (process.argv.includes("--print")) process.stdout.write(licences());
else writeFileSync(`${root}public/licences.txt`, licences());
