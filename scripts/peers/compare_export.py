#!/usr/bin/env python3
"""Loads what the example export_peers exported and compares the log-probabilities: compare_export.py FOLDER...

The adapter as PEFT folder on the transformers model, as GGUF on the base in llama.cpp, and merged into the base in llama.cpp
must all be the same model, and not the base.
"""

import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
import traces
from llama_cpp import Llama
from peft import PeftModel
from transformers import AutoModelForCausalLM

TOKENS = [int(token) for token in np.random.default_rng(9).integers(2, 300, 60)]
# Nats, over probabilities of at least 0.1 %. Files in F16 are rounded.
TOLERANCES = {"f32": 0.01, "f16": 0.05}


@torch.inference_mode()
def of_transformers(model):
    return traces.log_softmax(model(torch.tensor([TOKENS])).logits[0].numpy())


def of_llama_cpp(model, adapter=None):
    model = Llama(
        str(model), lora_path=adapter and str(adapter), logits_all=True, n_ctx=256, n_batch=256, flash_attn=False,
        n_threads=1, n_threads_batch=1, verbose=False, type_k=0, type_v=0,
    )
    model.eval(TOKENS)
    logits = np.array(model.scores[: len(TOKENS)])
    model.close()
    return traces.log_softmax(logits)


def distance(ours, theirs):
    likely = np.maximum(ours, theirs) >= np.log(traces.LEAST_PROBABILITY)
    return float(np.abs(ours - theirs)[likely].max())


def compare(folder):
    base = AutoModelForCausalLM.from_pretrained(folder / "hf", dtype=torch.float32).eval()
    plain = of_transformers(base)
    model = PeftModel.from_pretrained(base, str(folder / "peft")).eval()
    expected = of_transformers(model)
    good = True

    def report(what, found, tolerance):
        nonlocal good
        apart = distance(found, expected)
        within = bool(apart <= tolerance)
        good &= within
        print(f"{folder.name}: {what}: greatest difference {apart:.5f} nats: {'ok' if within else 'TOO FAR'}")

    effect = distance(plain, expected)
    print(f"{folder.name}: the adapter changes log-probabilities by up to {effect:.2f} nats")
    good &= effect > 0.5
    bare = distance(of_llama_cpp(folder / "base.gguf"), plain)
    print(f"{folder.name}: the base in llama.cpp and transformers: {bare:.5f} nats")
    good &= bare <= TOLERANCES["f32"]
    for precision, tolerance in TOLERANCES.items():
        adapter = of_llama_cpp(folder / "base.gguf", folder / f"adapter-{precision}.gguf")
        report(f"adapter in {precision} on llama.cpp against PEFT", adapter, tolerance)
        merged = of_llama_cpp(folder / f"merged-{precision}.gguf")
        report(f"merged in {precision} on llama.cpp against PEFT", merged, tolerance)
    return good


def main():
    results = [compare(Path(folder)) for folder in sys.argv[1:]]
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
