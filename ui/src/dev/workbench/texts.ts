// Texts and rows for the components' page of the design mode: ordinary ones, and what is hard to show.
import type { HeatToken } from "../../lib/tokens";

export const PYTHON_BEFORE = `"""Counts the words of a letter."""
import sys
from collections import Counter


def count(path):
    words = Counter()
    for line in open(path):
        words.update(line.split())
    return words


def main():
    for word, times in count(sys.argv[1]).most_common(10):
        print(word, times)


${Array.from({ length: 30 }, (_, index) => `def unchanged_${index}():\n    return ${index}\n`).join("\n")}
main()
`;

export const PYTHON_AFTER = PYTHON_BEFORE.replace("    for line in open(path):\n", '    with open(path, encoding="utf-8") as lines:\n      for line in lines:\n')
  .replace("words.update(line.split())", "words.update(line.lower().split())")
  .replace("return 17", "return 18")
  .replace('if __name__', "")
  .replace("\nmain()\n", '\nif __name__ == "__main__":\n    main()\n');

export const HTML = `<!doctype html>
<html lang="en">
  <head>
    <title>Lemons</title>
    <style>
      body { background: #fff8dc; font: 16px/1.5 sans-serif; }
      .slice { border-radius: 50%; width: 4rem; }
    </style>
  </head>
  <body>
    <button onclick="grow()">Grow</button>
    <script>
      const trees = [];
      function grow() {
        trees.push({ age: 0, fruit: Math.random() > 0.5 });
        document.title = \`\${trees.length} trees\`;
      }
    </script>
  </body>
</html>
`;

export const REASONING_BEFORE =
  "The letter should be short and friendly. I will first greet the neighbour, then say when we are away, and then ask for the favour. I should mention the key.\n\nThe tone is formal.";
export const REASONING_AFTER =
  "The letter should be short, warm and friendly. I will first greet Anna, then say exactly when we are away, and then ask for the favour. I should mention where the key is.\n\nThe tone is that of neighbours who like each other.";

export const longText = (lines: number, changed = 0) =>
  Array.from({ length: lines }, (_, index) => (changed > 0 && index % changed === 0 ? `line ${index} was changed` : `line ${index} of a long text that goes on`)).join("\n");

/** Always the same numbers, so that pictures can be compared. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

const WORDS = " the| lemon| tree| grows| in| warm| places|,| and|\n| a| garden| near| sea|.| It| bears| fruit| twice|   |ä|🍋| un|believ|ably".split("|");

export function heat(count: number): HeatToken[] {
  const next = random(7);
  const word = () => WORDS[Math.floor(next() * WORDS.length)] ?? " the";
  return Array.from({ length: count }, (_, index) => {
    const text = index === count - 1 ? "" : word();
    const value = next() < 0.08 ? next() * 0.05 : next() < 0.55 ? 0.9 + next() * 0.1 : next();
    const logprob = Math.log(Math.max(value, 1e-6));
    const top = [{ text, logprob }];
    let left = 1 - value;
    for (let more = 0; more < 9; more++) {
      const part = left * (0.3 + next() * 0.4);
      left -= part;
      top.push({ text: word(), logprob: Math.log(Math.max(part, 1e-9)) });
    }
    top.sort((a, b) => b.logprob - a.logprob);
    return index % 97 === 50 ? { text, logprob: null, top: [], tail: null } : { text, logprob, top, tail: left };
  });
}
