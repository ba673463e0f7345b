// What the pretended models of the design mode and the unit tests write, for one session of each workflow.
import type { CheckView, FileText, WorkflowInfo } from "../bindings";

export interface ScriptAttempt {
  instruction: string;
  /** Of the lead. */
  thought: string;
  /** Of the worker. */
  reasoning: string;
  files: FileText[];
  check: CheckView;
  leftOut?: string[];
}

export interface Script {
  workflow: WorkflowInfo;
  title: string;
  request: string;
  planning: string;
  steps: { text: string; attempts: ScriptAttempt[] }[];
}

const passed = (output = "", warnings: string[] = []): CheckView => ({ outcome: "passed", output, warnings });

function workflow(id: string, more: Omit<WorkflowInfo, "id" | "version" | "attempts" | "path">): WorkflowInfo {
  return { id, version: 1, attempts: 2, path: null, ...more };
}

const LETTER = `Dear Anna,

we are away from **Monday to Friday** next week. Could you water the plants on the balcony once or twice?

The key is with Mr. Novak on the second floor. The blue watering can stands behind the door.

Thank you very much, and see you soon!

Best wishes
Marta
`;

export const DOCUMENT: Script = {
  workflow: workflow("document", {
    name: "Text", description: "A letter, an e-mail, a summary, an invitation.", kind: "markdown", fileName: "letter.md",
    templates: [
      { title: "A message to a neighbour", request: "Write a short, friendly message asking my neighbour Anna to water my plants next week." },
      { title: "Cancel a contract", request: "Write a polite letter that cancels my gym membership at the end of the month." },
      { title: "Shorten a text", request: "Summarise the attached text in five sentences for somebody who has no time." },
    ],
  }),
  title: "A message to the neighbour",
  request: "Write a short, friendly message asking my neighbour Anna to water my plants next week.",
  planning: "This is a letter. It needs a greeting, the request with the days, where the key is, and thanks. Two steps are enough.",
  steps: [
    {
      text: "Write the message\nGreeting, the days, how often, where the key is, thanks.",
      attempts: [
        {
          instruction: "Write a message of at most 80 words to Anna. Ask her to water the plants next week. Say where the key is.",
          thought: "The first version should simply hold all facts. Tone comes next.",
          reasoning: "The reader is a neighbour, so it should be warm and short. I will start with the greeting and say the days early.",
          files: [{ name: "letter.md", text: "Hello Anna,\n\nplease water my plants next week. The key is with Mr. Novak.\n\nThanks\nMarta\n" }],
          check: passed(),
        },
        {
          instruction: "Keep the facts. Make it warmer, name the days (Monday to Friday) and say where the watering can is.",
          thought: "The user wants it friendlier and with the days. The facts of the first version were right.",
          reasoning: "Warmer: ask instead of tell, and thank her properly. The days go into the first sentence, in bold.",
          files: [{ name: "letter.md", text: LETTER }],
          check: passed(),
          leftOut: ["The plan's later steps were left out: the model's context had no room for them."],
        },
      ],
    },
    {
      text: "Add a list of the plants\nWhich plant needs how much water.",
      attempts: [
        {
          instruction: "Add a short table of the plants below the letter: name, and how much water each needs.",
          thought: "A table is easy to follow with a watering can in the hand.",
          reasoning: "Three plants as an example, since the user has not named them.",
          files: [{ name: "letter.md", text: `${LETTER}\n| Plant | Water |\n| --- | --- |\n| Basil | a little, every day |\n| Lemon tree | half a can, twice |\n| Lavender | nothing at all |\n` }],
          check: passed(),
        },
      ],
    },
  ],
};

const COUNT = `import sys
from collections import Counter


def count_words(text: str) -> Counter[str]:
    """How often each word occurs."""
    return Counter(text.lower().split())


def main() -> None:
    words = count_words(sys.stdin.read())
    for word, count in words.most_common(10):
        print(f"{count:5} {word}")


if __name__ == "__main__":
    main()
`;

export const SCRIPT: Script = {
  workflow: workflow("script", {
    name: "Script", description: "A small Python program that does something for you.", kind: "python", fileName: "count.py",
    templates: [
      { title: "Count words", request: "A script that reads a text and prints its ten most frequent words." },
      { title: "Rename photos", request: "A script that lists how it would rename photos by their date, without renaming anything yet." },
    ],
  }),
  title: "Counting words",
  request: "A script that reads a text and prints its ten most frequent words.",
  planning: "A Python script. First the counting, then a friendly message for empty input.",
  steps: [
    {
      text: "Count the words of a text\nRead standard input, print the ten most frequent words with their number.",
      attempts: [
        {
          instruction: "Write count.py: read standard input, split it into lower-case words, print the ten most frequent with their count.",
          thought: "The simplest way is a Counter.",
          reasoning: "Counter has most_common. I read everything at once, which is fine for letters.",
          files: [{ name: "count.py", text: COUNT.replace("from collections import Counter\n", "") }],
          check: {
            outcome: "failed", output: "",
            error: "Traceback (most recent call last):\n  File \"count.py\", line 4, in <module>\n    def count_words(text: str) -> Counter[str]:\nNameError: name 'Counter' is not defined",
          },
        },
        {
          instruction: "The script stops with NameError: Counter is not defined in line 4. Import Counter from collections. Change nothing else.",
          thought: "Only the import is missing.",
          reasoning: "The error names the line. I add the import at the top.",
          files: [{ name: "count.py", text: COUNT }],
          check: passed("    3 the\n    2 lemon\n    1 tree\n    1 is\n", ["count.py:14: the output has no heading"]),
        },
      ],
    },
    {
      text: "Explain empty input\nSay in words that there was nothing to count.",
      attempts: [
        {
          instruction: "If the input has no words, print “There is nothing to count.” and end.",
          thought: "A check before the loop is enough.",
          reasoning: "I test the counter itself: an empty Counter is false.",
          files: [
            { name: "count.py", text: COUNT.replace("    for word", "    if not words:\n        print(\"There is nothing to count.\")\n        return\n    for word") },
            { name: "README.md", text: "# count.py\n\nCounts the words of a text: `python3 count.py < letter.txt`\n" },
          ],
          check: passed("There is nothing to count.\n"),
        },
      ],
    },
  ],
};

const GAME = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Catch the lemons</title>
<style>
  body { margin: 0; font: 18px system-ui; text-align: center; background: #fff9dd; }
  #field { position: relative; height: 70vh; overflow: hidden; }
  .lemon { position: absolute; font-size: 40px; cursor: pointer; }
</style>
</head>
<body>
<h1>Catch the lemons: <span id="score">0</span></h1>
<div id="field"></div>
<script>
  let score = 0;
  const field = document.getElementById("field");
  function drop() {
    const lemon = document.createElement("div");
    lemon.className = "lemon";
    lemon.textContent = "🍋";
    lemon.style.left = Math.random() * 90 + "%";
    lemon.onclick = () => { lemon.remove(); document.getElementById("score").textContent = ++score; };
    field.append(lemon);
    let y = 0;
    const timer = setInterval(() => { lemon.style.top = (y += 4) + "px"; if (y > 600) { clearInterval(timer); lemon.remove(); } }, 30);
  }
  setInterval(drop, 900);
</script>
</body>
</html>
`;

export const PAGE_SCRIPT: Script = {
  workflow: workflow("page", {
    name: "Page", description: "A page that runs: a small game, a simulation, an interactive lesson.", kind: "page", fileName: "page.html",
    templates: [
      { title: "A small game", request: "A game in which lemons fall from the sky and I catch them with a click." },
      { title: "A lesson", request: "An interactive lesson that shows how a pendulum swings, with sliders for length and gravity." },
    ],
  }),
  title: "Catch the lemons",
  request: "A game in which lemons fall from the sky and I catch them with a click.",
  planning: "One HTML page. First the falling lemons, then the score and a good look.",
  steps: [
    {
      text: "Let lemons fall and be caught\nOne page; a click on a lemon removes it and counts.",
      attempts: [
        {
          instruction: "Write one HTML page with falling lemons. A click on a lemon removes it and adds one to the score.",
          thought: "An interval per lemon is simple enough for a first version.",
          reasoning: "Lemons as emoji, so that no picture is needed. The position is changed every 30 ms.",
          files: [{ name: "page.html", text: GAME }],
          check: passed("", []),
        },
        {
          instruction: "Let the lemons fall slower and show how many were missed.",
          thought: "The user finds it too fast.",
          reasoning: "Half the speed, and a second counter.",
          files: [{ name: "page.html", text: GAME.replace("y += 4", "y += 2").replace("</h1>", " · missed: <span id=\"missed\">0</span></h1>") }],
          check: passed("", ["page.html:9:3: the lemons have no label for screen readers"]),
        },
      ],
    },
  ],
};

const RECIPE = {
  name: "Lemon cake", serves: 8, minutes: 55,
  ingredients: [
    { what: "flour", amount: "250 g" }, { what: "butter", amount: "200 g" }, { what: "lemons", amount: "2" },
  ],
  steps: ["Beat butter and sugar.", "Add eggs, flour and the zest.", "Bake 40 minutes at 175 °C."],
  vegetarian: true, notes: null,
};

export const DATA: Script = {
  workflow: workflow("data", {
    name: "Data", description: "A text made into ordered data (JSON) that programs can read.", kind: "json", fileName: "recipe.json",
    templates: [{ title: "A recipe as data", request: "Make my grandmother's recipe for lemon cake into data: name, ingredients with amounts, steps, minutes." }],
  }),
  title: "Grandmother's lemon cake",
  request: "Make my grandmother's recipe for lemon cake into data: name, ingredients with amounts, steps, minutes.",
  planning: "Data with a fixed form. One step.",
  steps: [
    {
      text: "Write the recipe as JSON",
      attempts: [
        {
          instruction: "Write the recipe as JSON that follows the schema.",
          thought: "The schema needs name, ingredients, steps and minutes.",
          reasoning: "Ingredients become objects with what and amount.",
          files: [{ name: "recipe.json", text: '{\n  "name": "Lemon cake",\n  "minutes": "55"\n}\n' }],
          check: { outcome: "failed", output: "", error: 'recipe.json:3:14: "minutes" must be a number\nrecipe.json: "ingredients" is missing' },
        },
        {
          instruction: "minutes must be a number, and ingredients are missing. Write the whole recipe again.",
          thought: "Two faults, both clear.",
          reasoning: "Minutes as a number. All ingredients as objects.",
          files: [{ name: "recipe.json", text: `${JSON.stringify(RECIPE, null, 2)}\n` }],
          check: passed(),
        },
      ],
    },
  ],
};

export const SCRIPTS: readonly Script[] = [DOCUMENT, SCRIPT, PAGE_SCRIPT, DATA];
