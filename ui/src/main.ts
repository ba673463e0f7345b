import { mount } from "svelte";
import App from "./App.svelte";
import { chooseBackend, type Backend } from "./lib/backend";
import { applyRememberedTheme } from "./lib/state/settings.svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/prose.css";

try {
  applyRememberedTheme(document.documentElement, localStorage);
} catch {
  // No storage: the system's colours.
}

async function backend(): Promise<Backend> {
  // Design mode (`npm run dev:fake`). The condition is constant, so no production bundle contains the demo.
  if (import.meta.env.MODE === "fake") return (await import("./dev/demo")).demoBackend();
  return chooseBackend();
}

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no #app");
if (import.meta.env.MODE === "fake" && new URLSearchParams(location.search).get("scene") === "components") {
  mount((await import("./dev/workbench/Workbench.svelte")).default, { target });
} else {
  mount(App, { target, props: { backend: await backend() } });
}
