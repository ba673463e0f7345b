#!/usr/bin/env python3
"""Recomputes traces with llama-cpp-python from the same model file and compares the log-probabilities."""

import sys

import numpy as np
import traces
from llama_cpp import Llama


def logits_of(model, trace):
    """The same batches as in the trace: llama.cpp computes a single row by other kernels than several, and on
    a quantised file that alone moves log-probabilities by up to 0.4 nats."""
    model.reset()
    if trace["evaluation"] == "scored":
        model.eval(trace["prompt_tokens"] + trace["answer_tokens"])
    else:
        model.eval(trace["prompt_tokens"])
        for token in trace["answer_tokens"]:
            model.eval([token])
    # Row i of the scores predicts token i + 1.
    first = len(trace["prompt_tokens"]) - 1
    return np.array(model.scores[first : first + len(trace["answer_tokens"])])


def main():
    options = traces.arguments(__doc__)
    models = {}
    good = True
    for path in options.traces:
        trace = traces.read(path)
        if trace["gguf"] not in models:
            models[trace["gguf"]] = Llama(
                model_path=trace["gguf"],
                logits_all=True,
                n_ctx=2048,
                flash_attn=False,
                n_threads=1,
                n_threads_batch=1,
                verbose=False,
                # OpZest keeps an F32 model's cache at 32 bits, too (ggml's type 0; 1 is F16).
                type_k=0 if trace["cache"] == "f32" else 1,
                type_v=0 if trace["cache"] == "f32" else 1,
            )
        logits = logits_of(models[trace["gguf"]], trace)
        good &= traces.report("llama-cpp-python", path, trace, logits, options.tolerance)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
