// What is wrong in a text, as the checks report it: by line and column, which may point past its end.
import type { Diagnostic } from "@codemirror/lint";
import type { Text } from "@codemirror/state";

export interface Problem {
  /** From 1. */
  line: number;
  /** From 1; absent: the whole line. */
  column?: number | null;
  message: string;
  severity?: "error" | "warning";
}

export function diagnostics(problems: readonly Problem[], text: Text): Diagnostic[] {
  return problems
    .map((problem): Diagnostic => {
      const line = text.line(Math.min(Math.max(1, Math.trunc(problem.line) || 1), text.lines));
      const column = problem.column ?? null;
      const from = column === null ? line.from : Math.min(line.from + Math.max(0, column - 1), line.to);
      return { from, to: line.to, severity: problem.severity ?? "error", message: problem.message };
    })
    .sort((a, b) => a.from - b.from);
}
