#!/usr/bin/env python3
"""Recomputes traces with Hugging Face transformers from an F32 GGUF and compares the log-probabilities.

Only for F32 files: llama.cpp also quantises activations, transformers turns weights back into floats, so on a
quantised file the two differ for good reasons.
"""

import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TQDM_DISABLE"] = "1"

import torch
import traces
import transformers
from gguf import GGUFReader, GGMLQuantizationType
from transformers import AutoModelForCausalLM


def refuse_quantised(path):
    kinds = {tensor.tensor_type for tensor in GGUFReader(path).tensors}
    if kinds != {GGMLQuantizationType.F32}:
        names = ", ".join(sorted(GGMLQuantizationType(kind).name for kind in kinds))
        raise SystemExit(f"{path} holds {names}; this comparison needs an F32 file")


@torch.inference_mode()
def logits_of(model, trace):
    tokens = torch.tensor([trace["prompt_tokens"] + trace["answer_tokens"]])
    logits = model(tokens).logits[0]
    # Row i predicts token i + 1.
    first = len(trace["prompt_tokens"]) - 1
    return logits[first : first + len(trace["answer_tokens"])].numpy()


def record(path, trace, logits):
    """Keeps what transformers gives for one trace: the fixture of `make test`'s own comparison
    (crates/opzest-llm/tests/it/peers.rs)."""
    logprobs = traces.log_softmax(logits)
    best = [[[int(i), round(float(row[i]), 5)] for i in row.argsort()[::-1][:8]] for row in logprobs]
    names = ("prompt_tokens", "answer_tokens")
    value = {
        "made_by": f"transformers {transformers.__version__}, torch {torch.__version__}",
        **{name: trace[name] for name in names},
        "top": best,
    }
    path.write_text(json.dumps(value) + "\n", encoding="utf-8")


def main():
    options = traces.arguments(__doc__)
    models = {}
    good = True
    for path in options.traces:
        trace = traces.read(path)
        gguf = Path(trace["gguf"])
        if gguf not in models:
            refuse_quantised(gguf)
            models[gguf] = AutoModelForCausalLM.from_pretrained(
                str(gguf.parent), gguf_file=gguf.name, dtype=torch.float32, local_files_only=True
            ).eval()
        logits = logits_of(models[gguf], trace)
        if options.record:
            record(options.record, trace, logits)
        good &= traces.report("transformers", path, trace, logits, options.tolerance)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
