// The browser tests' development host: the same commands over HTTP on this computer. Not used by the desktop app.
import { uiError, type Backend } from "./backend";
import { readAnswer } from "./ndjson";
import { askForPath } from "./path-prompt";

export interface HttpOptions {
  token: string;
  fetch?: typeof fetch;
}

/** The token from `<meta name="opzest-token">`, or from the address: `#token=...`. */
export function findToken(doc: Document, hash: string): string {
  const meta = doc.querySelector<HTMLMetaElement>('meta[name="opzest-token"]')?.content;
  return meta || (new URLSearchParams(hash.replace(/^#/, "")).get("token") ?? "");
}

export function httpBackend({ token, fetch: send = fetch.bind(globalThis) }: HttpOptions): Backend {
  return {
    async call(name, args, onEvent) {
      let answer: Response;
      try {
        answer = await send(`/api/call/${name}`, {
          method: "POST",
          headers: { "content-type": "application/json", "x-opzest-token": token },
          body: JSON.stringify(args),
        });
      } catch {
        throw uiError("internal", "OpZest does not answer.", "Check that it is still running, then try again.");
      }
      const type = answer.headers.get("content-type") ?? "";
      if (!answer.body || (!answer.ok && !type.includes("json"))) {
        throw uiError("internal", `OpZest refused “${name}” (HTTP ${answer.status}).`, "Open the address that the host printed.");
      }
      return readAnswer(answer.body, onEvent);
    },
    pickModelFile: () => askForPath({ title: "Open a model file", label: "Path of a GGUF file on this computer", button: "Open" }),
    pickFolder: (why) => askForPath({ title: why, label: "Path of a folder on this computer", button: "Choose" }),
    pickOpenPath: (endings) =>
      askForPath({ title: "Open a file", label: `Path of a file on this computer (${endings.join(", ")})`, button: "Open" }),
    pickSavePath: (name) =>
      askForPath({ title: "Save a file", label: "Path on this computer where the file is written", button: "Save", value: name }),
    async saveTextFile(name, content) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([content], { type: "text/plain" }));
      link.download = name;
      link.click();
      // The download reads the blob after this task.
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      return name;
    },
  };
}
