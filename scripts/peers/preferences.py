#!/usr/bin/env python3
"""Preference rows for the training experiments: preferences.py MODEL_GGUF FOLDER [CACHE].

The rows are made of the tests of harper-core, a grammar checker under Apache-2.0, which cargo fetches by its name. A row's prompt
is a sentence with a mistake, `chosen` the corrected sentence and `rejected` the sentence as it was; its group is the linter, so that
linters that are held out are never trained on. Nothing of it is kept in the repository.

FOLDER/rows.jsonl: one row a line, tokens and texts, in an order that depends on the sentences alone. `teacher_prompt` is the prompt
of somebody who has a book open: it has the linter's description and other sentences of the same linter, corrected.
FOLDER/general.json: the text by which forgetting is seen, as the app cuts it.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

HARPER = "3.0.0"
SYSTEM = "Correct the sentence."
# Characters: short rows make short experiments.
SHORTEST, LONGEST = 20, 80
# Rows of a linter, so that no single one decides; and what a teacher sees of the others.
MOST_OF_A_GROUP, DEMONSTRATIONS = 10, 3
GENERAL_TOKENS = 1500

STRING = r'"((?:[^"\\]|\\.)*)"'
ROW = re.compile(r"assert_suggestion_result\(\s*" + STRING + r'\s*,[^"]*?,\s*' + STRING + r"\s*,?\s*\)")
DESCRIPTION = re.compile(r"fn description\(&self\) -> &(?:'static )?str \{\s*" + STRING)


def linters(cache):
    """The folder of harper-core's linters."""
    project = Path(cache) / "preferences"
    (project / "src").mkdir(parents=True, exist_ok=True)
    (project / "src/lib.rs").write_text("")
    (project / "Cargo.toml").write_text(
        f'[package]\nname = "rows"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nharper-core = "={HARPER}"\n'
    )
    command = ["cargo", "metadata", "--format-version", "1", "--quiet"]
    packages = json.loads(subprocess.run(command, cwd=project, check=True, capture_output=True).stdout)["packages"]
    manifest = next(package["manifest_path"] for package in packages if package["name"] == "harper-core")
    return Path(manifest).parent / "src/linting"


def plain(literal):
    """A Rust string, or None where it has more than quotes and backslashes escaped."""
    text = re.sub(r'\\(["\\])', r"\1", literal)
    return None if "\n" in text or re.search(r"\\[^\"\\]", literal) else text


def order(text):
    return hashlib.sha256(text.encode()).digest()


def sentences(folder):
    """Linter -> (its description, [(wrong, right)])."""
    groups, known = {}, set()
    for path in sorted(folder.rglob("*.rs")):
        source = path.read_text(encoding="utf-8")
        pairs = []
        for wrong, right in ((plain(a), plain(b)) for a, b in ROW.findall(source)):
            if wrong and right and wrong != right and wrong not in known and SHORTEST <= len(wrong) <= LONGEST:
                known.add(wrong)
                pairs.append((wrong, right))
        if pairs:
            description = DESCRIPTION.search(source)
            pairs.sort(key=lambda pair: order(pair[0]))
            name = str(path.relative_to(folder).with_suffix(""))
            groups[name] = (plain(description[1]) or "" if description else "", pairs[:MOST_OF_A_GROUP])
    return groups


class Tokens:
    """The tokenizer and chat template of the model's file."""

    def __init__(self, gguf):
        from gguf import GGUFReader
        from transformers import AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)
        fields = GGUFReader(gguf).fields
        self.tokenizer.chat_template = fields["tokenizer.chat_template"].contents()
        self.end_of_turn = fields["tokenizer.ggml.eos_token_id"].contents()

    def of(self, text):
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def prompt(self, system, *turns):
        """As text. The turns are the user's and the assistant's, by turns; the last one is the user's."""
        messages = [dict(role="system", content=system)]
        messages += [dict(role=("user", "assistant")[at % 2], content=turn) for at, turn in enumerate(turns)]
        return self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)


def rows(groups, tokens):
    end = tokens.tokenizer.decode([tokens.end_of_turn])
    for group, (description, pairs) in groups.items():
        for wrong, right in pairs:
            others = [pair for pair in pairs if pair[0] != wrong and pair[1] != right][:DEMONSTRATIONS]
            shown = [text for pair in others for text in pair]
            texts = dict(prompt=tokens.prompt(SYSTEM, wrong), chosen=right + end, rejected=wrong + end)
            yield dict(
                group=group,
                # Of four linters one is held out.
                held_out=order(group)[0] % 4 == 0,
                prompt=tokens.of(texts["prompt"]),
                chosen=dict(tokens=tokens.of(texts["chosen"]), soft=[]),
                rejected=[tokens.of(texts["rejected"])],
                teacher_prompt=tokens.of(tokens.prompt(f"{SYSTEM} {description}", *shown, wrong)),
                texts=texts,
            )


def general(text, tokens):
    """Paragraphs, each without its first token, which is the prompt (crates/opzest-app/src/training/texts.rs)."""
    parts, count = [], 0
    for paragraph in (line for line in text.splitlines() if len(line.encode()) >= 200):
        ids = tokens.of(paragraph)[: GENERAL_TOKENS - count]
        count += len(ids)
        if len(ids) > 1:
            parts.append(dict(prompt=ids[:1], answer=ids[1:]))
        if count >= GENERAL_TOKENS:
            return parts
    return parts


def main():
    gguf, folder = Path(sys.argv[1]), Path(sys.argv[2])
    cache = sys.argv[3] if len(sys.argv) > 3 else folder
    groups = sentences(linters(cache))
    tokens = Tokens(gguf)
    made = sorted(rows(groups, tokens), key=lambda row: order(row["texts"]["rejected"]))
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "rows.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in made)
    austen = Path(__file__).parents[2] / "assets/texts/austen.txt"
    (folder / "general.json").write_text(json.dumps(general(austen.read_text(encoding="utf-8"), tokens)))
    lengths = [len(row["prompt"]) + len(row["chosen"]["tokens"]) + len(row["rejected"][0]) for row in made]
    held_out = [row for row in made if row["held_out"]]
    print(
        f"harper-core {HARPER}: {len(made)} rows of {len(groups)} linters; held out {len(held_out)} of "
        f"{len({row['group'] for row in held_out})}; {sum(lengths) / len(lengths):.0f} tokens a row, at most {max(lengths)}"
    )


if __name__ == "__main__":
    main()
