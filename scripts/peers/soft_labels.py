#!/usr/bin/env python3
"""Soft labels for the rows of preferences.py: soft_labels.py MODEL_GGUF FOLDER TRAIN HELD_OUT.

The teacher is the same model with a book open: it reads each row's `teacher_prompt`. By teacher forcing over the chosen answers it gives
its 16 most likely tokens at each position, and the written one; the rest is the tail. Writes FOLDER/soft.jsonl, the first TRAIN rows to train on,
and says how much more the teacher knows of the chosen answers than the student, also of the first HELD_OUT rows that are held out.
"""

import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TQDM_DISABLE"] = "1"

import torch
from transformers import AutoModelForCausalLM

MOST = 16


@torch.inference_mode()
def log_probs(model, prompt, answer):
    """Of all tokens at each position of the answer."""
    logits = model(torch.tensor([prompt + answer]), logits_to_keep=len(answer) + 1).logits[0, :-1]
    return logits.float().log_softmax(-1)


def label(row, written):
    """The most likely tokens of one position, and the written one in any case."""
    values, tokens = row.topk(MOST)
    values, tokens = values.tolist(), tokens.tolist()
    if written not in tokens:
        tokens[-1], values[-1] = written, row[written].item()
    return dict(tokens=tokens, log_probs=values)


def nll(scores, answer):
    return -scores[torch.arange(len(answer)), answer].mean().item()


def main():
    gguf, folder = Path(sys.argv[1]), Path(sys.argv[2])
    wanted = {False: int(sys.argv[3]), True: int(sys.argv[4])}
    torch.set_num_threads(int(os.environ.get("OPZEST_THREADS", "1")))
    model = AutoModelForCausalLM.from_pretrained(str(gguf.parent), gguf_file=gguf.name, dtype=torch.float32).eval()
    known = {False: [], True: []}
    with open(folder / "rows.jsonl", encoding="utf-8") as file, open(folder / "soft.jsonl", "w", encoding="utf-8") as soft:
        for row in map(json.loads, file):
            held_out, answer = row["held_out"], row["chosen"]["tokens"]
            if len(known[held_out]) == wanted[held_out]:
                continue
            teacher = log_probs(model, row["teacher_prompt"], answer)
            student = log_probs(model, row["prompt"], answer)
            known[held_out].append((nll(teacher, answer), nll(student, answer)))
            if not held_out:
                row["chosen"]["soft"] = [label(*position) for position in zip(teacher, answer)]
            soft.write(json.dumps(row) + "\n")
    for held_out, pairs in known.items():
        teacher, student = (sum(side) / len(pairs) for side in zip(*pairs))
        print(f"{'held out' if held_out else 'to train on'}: {len(pairs)} rows, chosen NLL: teacher {teacher:.3f}, student {student:.3f}")


if __name__ == "__main__":
    main()
