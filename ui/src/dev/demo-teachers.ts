// Design mode: teachers and their order. Scenes: `teachers-empty`, `teachers-errors`.
import type { FakeBackend } from "../lib/backend/fake";
import { uiError } from "../lib/backend";
import type { Agent, AgentPool, Model, TeacherInfo, TeacherTerms } from "../lib/bindings";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const OPEN: TeacherTerms = { kind: "allowed", words: "Apache-2.0: you may train on its answers and share what comes of it." };

function remote(id: string, name: string, more: Partial<TeacherInfo> & { address: string; served: string }): TeacherInfo {
  const model: Model = {
    id, name, kind: "remote", location: more.address, fileBytes: null, architecture: null, parameters: null, quantisation: null,
    trainedContext: null, licence: null, selected: false, problem: null,
  };
  return {
    model,
    remote: { address: more.address, name: more.served, hasKey: true, contextSize: 128_000, structured: "json_schema" },
    traceK: more.traceK === undefined ? null : more.traceK,
    terms: more.terms ?? { kind: "unknown", words: "OpZest does not know the terms of this server. Look them up before you train on its answers." },
  };
}

interface LocalModels {
  all: () => Model[];
  remove: (id: string) => Model[];
}

export function withTeachers(demo: FakeBackend, scene: string, models: LocalModels): FakeBackend {
  const remotes = [
    remote("gpt", "gpt-4.1-mini", {
      address: "https://api.openai.com/v1", served: "gpt-4.1-mini-2025-04-14", traceK: 20,
      terms: { kind: "conditions", words: "You may use its answers, but not to train a model that competes with the maker’s. For a model of your own that you do not offer to others, most people read this as allowed." },
    }),
    remote("claude", "A model with a very long name that its server gives it, in the version of the fourteenth of May, preview", {
      address: "https://a-rather-long-host-name.internal.example.org:8443/openai/deployments/v1", served: "frontier-large-preview-2026-05-14", traceK: 0,
      terms: { kind: "forbidden", words: "The maker’s terms forbid training other models on its answers. Use it for products, not for examples." },
    }),
    remote("lab", "Llama at the university", { address: "http://192.168.1.20:8000/v1", served: "llama-3.3-70b" }),
  ];
  let added = scene === "teachers-empty" || scene === "empty" ? [] : remotes;
  let pools: AgentPool[] = [
    { agent: "planner", modelIds: ["qwen", "embedded"] },
    { agent: "lead", modelIds: ["qwen", "gpt"] },
    { agent: "worker", modelIds: ["embedded", "qwen", "claude", "gone"] },
    { agent: "analyst", modelIds: [] },
  ];
  if (scene === "teachers-empty" || scene === "empty") pools = (["planner", "lead", "worker", "analyst"] as Agent[]).map((agent) => ({ agent, modelIds: ["embedded"] }));
  const view = () => {
    const known = new Set([...models.all().map((one) => one.id), ...added.map((one) => one.model.id)]);
    const local = models.all().map((model): TeacherInfo => ({
      model, remote: null, traceK: model.id === "qwen" ? null : 64,
      terms: model.id === "gone" ? { kind: "unknown", words: "The file does not say under which licence it stands." } : OPEN,
    }));
    return { teachers: [...local, ...added], pools: pools.map((pool) => ({ ...pool, modelIds: pool.modelIds.filter((id) => known.has(id)) })) };
  };
  return demo
    .on("list_teachers", () => {
      if (scene === "teachers-errors") throw uiError("store", "The list of models could not be read.", "Try again.");
      return view();
    })
    .on("set_teachers", async ({ agent, modelIds }) => {
      await wait(120);
      if (agent === "lead" && modelIds.length === 0) throw uiError("invalid_input", "The lead needs at least one model.", "Add another one first.");
      pools = pools.map((pool) => (pool.agent === agent ? { agent, modelIds } : pool));
      return view();
    })
    .on("list_remote_models", async ({ address }) => {
      await wait(700);
      if (!address.includes("openai")) throw uiError("remote", `${address} does not answer.`, "Check the address, and that you are online.");
      return ["gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "o4-mini", "text-embedding-3-small"];
    })
    .on("add_remote_model", async ({ name, address, remoteName }) => {
      await wait(300);
      if (!/^https?:\/\//.test(address)) throw uiError("invalid_input", `“${address}” is not an address of a server.`, "It begins with https://, like https://api.example.org/v1.");
      added = [...added, remote(`remote-${added.length}`, name || remoteName, { address, served: remoteName })];
      return view();
    })
    .on("set_model_key", async ({ id, key }) => {
      await wait(200);
      added = added.map((one) => (one.model.id === id && one.remote ? { ...one, remote: { ...one.remote, hasKey: key !== "" } } : one));
      return view();
    })
    .on("remove_model", ({ id }) => {
      added = added.filter((one) => one.model.id !== id);
      return models.remove(id);
    })
    .on("test_teacher", async ({ id }) => {
      await wait(1600);
      if (id === "lab") {
        return {
          reachable: false, problem: uiError("remote", "192.168.1.20 does not answer on port 8000.", "Check that the server runs and that you are in its network."),
          traceK: 0, traceProblem: null, structured: null, firstTokenMs: null, answer: "",
        };
      }
      if (id === "claude") {
        return { reachable: true, problem: null, traceK: 0, traceProblem: "The server refuses log-probabilities for this model.", structured: "json_object", firstTokenMs: 1240, answer: "Hello! How can I help you today?" };
      }
      return { reachable: true, problem: null, traceK: 64, traceProblem: null, structured: "json_schema", firstTokenMs: 380, answer: "Hello!" };
    });
}
