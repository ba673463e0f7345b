// Sessions with the embedded model: what both the browser's and the window's tests say in them.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const WORKFLOWS = fileURLToPath(new URL("../../../assets/workflows/", import.meta.url));

/** The user's own version, by workflow. */
export const OWN = {
  document: "# Hello\n\nSee you on Monday.\n",
  script: "print('12:00')\n",
  page: '<!doctype html>\n<title>Clock</title>\n<body style="background: red">\n<p>12:00</p>\n',
  data: '{"city": "Split"}\n',
};

/** The user's own files stand in the place of the workflows that come with OpZest: here, with short answers. */
export function shortWorkflows(data) {
  mkdirSync(join(data, "workflows"), { recursive: true });
  for (const file of readdirSync(WORKFLOWS)) {
    const text = readFileSync(join(WORKFLOWS, file), "utf8").replace(/^max_tokens = .*/gm, "max_tokens = 60");
    writeFileSync(join(data, "workflows", file), text);
  }
}
