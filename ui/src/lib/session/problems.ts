// Finds the lines that a check complains about, in what interpreters and parsers usually print. What names no line
// is shown in words only.
import type { CheckView } from "../bindings";
import type { Problem } from "../editor/problems";

/** `File "letter.py", line 3` */
const PYTHON = /File "([^"]+)", line (\d+)/g;
/** `page.html:12:5`, `line 12, column 5`, `at line 12 column 5`, `(12:5)` */
const PLACES: readonly RegExp[] = [
  /\b[\w./-]+\.\w+:(\d+)(?::(\d+))?/,
  /\bline (\d+)(?:,?\s*(?:column|col)\.? (\d+))?/i,
  /\((\d+):(\d+)\)/,
];
const MOST = 50;

export function problemsOf(check: CheckView | null, fileName: string): Problem[] {
  switch (check?.outcome) {
    case "failed":
      return [...traceback(check.error, fileName), ...lines(check.error, fileName, "error")].slice(0, MOST).filter(first);
    case "passed":
      return check.warnings.flatMap((warning) => lines(warning, fileName, "warning")).slice(0, MOST).filter(first);
    case "notRun":
    case undefined:
      return [];
  }
}

/** The innermost place in this file, with the error's last line. */
function traceback(text: string, fileName: string): Problem[] {
  const frames = [...text.matchAll(PYTHON)].filter(([, path]) => path !== undefined && isFile(path, fileName));
  const line = Number(frames.at(-1)?.[2]);
  if (!(line > 0)) return [];
  const message = text.trimEnd().split("\n").at(-1)?.trim() ?? text;
  return [{ line, message, severity: "error" }];
}

function lines(text: string, fileName: string, severity: "error" | "warning"): Problem[] {
  if (text.includes("Traceback") || / {2}File "/.test(text)) return [];
  return text.split("\n").flatMap((message): Problem[] => {
    for (const pattern of PLACES) {
      const found = pattern.exec(message);
      const line = Number(found?.[1]);
      if (!(line > 0)) continue;
      const path = /^[\w./-]+\.\w+(?=:)/.exec(found?.[0] ?? "")?.[0];
      if (path !== undefined && !isFile(path, fileName)) return [];
      const column = Number(found?.[2]);
      return [{ line, column: column > 0 ? column : null, message: message.trim(), severity }];
    }
    return [];
  });
}

function isFile(path: string, fileName: string): boolean {
  return path === fileName || path.endsWith(`/${fileName}`);
}

function first(problem: Problem, at: number, all: Problem[]): boolean {
  return all.findIndex((one) => one.line === problem.line && one.message === problem.message) === at;
}
