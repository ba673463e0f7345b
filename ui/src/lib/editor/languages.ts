// The languages of artifacts. Each grammar is loaded when it is first needed.
import { indentUnit } from "@codemirror/language";
import type { Extension } from "@codemirror/state";

export type EditorLanguage = "python" | "html" | "css" | "javascript" | "json" | "markdown" | "text";

const BY_ENDING: Record<string, EditorLanguage> = {
  py: "python", html: "html", htm: "html", svg: "html", css: "css", js: "javascript", mjs: "javascript", json: "json",
  md: "markdown", markdown: "markdown",
};

export function languageOf(fileName: string): EditorLanguage {
  const ending = /\.([^./\\]+)$/.exec(fileName)?.[1]?.toLowerCase() ?? "";
  return BY_ENDING[ending] ?? "text";
}

export async function grammar(language: EditorLanguage): Promise<Extension> {
  switch (language) {
    case "python":
      return [(await import("@codemirror/lang-python")).python(), indentUnit.of("    ")];
    case "html":
      return (await import("@codemirror/lang-html")).html();
    case "css":
      return (await import("@codemirror/lang-css")).css();
    case "javascript":
      return (await import("@codemirror/lang-javascript")).javascript();
    case "json":
      return (await import("@codemirror/lang-json")).json();
    case "markdown":
      return (await import("@codemirror/lang-markdown")).markdown();
    case "text":
      return [];
  }
}
