"""A trace file of OpZest, and its comparison with the same log-probabilities from another implementation.

The file is JSON, written by `cargo run -p opzest-llm --example trace_peers`:
    gguf            path of the model file
    prompt_tokens   ids the model read
    answer_tokens   ids it wrote after them (T of them)
    top             T lists of [id, log-probability]
    sampled         T log-probabilities of the answer's tokens
    evaluation      "generated" (default): the prompt in one batch, then one token at a time
                    "scored": prompt and answer in one batch, as in teacher forcing
    cache           "f16" (default) or "f32": the precision of the cached keys and values
Log-probabilities are natural logarithms of the model's own distribution, before any sampling setting.
"""

import argparse
import json
from pathlib import Path

import numpy as np

# Below this probability rounding dominates and nothing that training uses depends on it.
LEAST_PROBABILITY = 1e-3
# Nats.
TOLERANCE = 0.02


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("traces", type=Path, nargs="+", help="JSON files of the trace_peers example")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help="greatest difference in nats")
    parser.add_argument("--record", type=Path, help="keep the last trace's figures here (transformers only)")
    return parser.parse_args()


def read(path):
    trace = json.loads(path.read_text(encoding="utf-8"))
    length = len(trace["answer_tokens"])
    if not trace["prompt_tokens"] or not length:
        raise SystemExit(f"{path}: the prompt or the answer is empty")
    for part in ("top", "sampled"):
        if len(trace[part]) != length:
            raise SystemExit(f"{path}: {length} answer tokens, but `{part}` has {len(trace[part])} entries")
    if trace.setdefault("evaluation", "generated") not in ("generated", "scored"):
        raise SystemExit(f"{path}: `evaluation` is {trace['evaluation']!r}, not generated or scored")
    trace.setdefault("cache", "f16")
    return trace


def log_softmax(logits):
    """Row by row, in float64."""
    logits = np.asarray(logits, dtype=np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def compare(trace, logits):
    """`logits`: (T, vocabulary), row t predicting answer token t. Differences in nats, over every entry that
    either side gives at least LEAST_PROBABILITY."""
    theirs = log_softmax(logits)
    least = np.log(LEAST_PROBABILITY)
    differences = []
    for position, candidates in enumerate(trace["top"]):
        listed = dict(candidates)
        ours = [*candidates, [trace["answer_tokens"][position], trace["sampled"][position]]]
        for token, logprob in ours:
            other = theirs[position, token]
            # Written so that a NaN is kept, and fails below.
            if not (logprob < least and other < least):
                differences.append(abs(logprob - other))
        # A probable token that the trace leaves out is a difference, too: it may not be more probable than
        # the least of those listed, the written token aside: it is listed however improbable it is.
        written = trace["answer_tokens"][position]
        floor = min((logprob for token, logprob in candidates if token != written), default=0.0)
        for token in np.flatnonzero(theirs[position] >= least):
            if int(token) not in listed:
                differences.append(max(0.0, theirs[position, token] - floor))
    return np.array(differences)


def report(name, path, trace, logits, tolerance):
    """Prints the figures; True if they are within the tolerance."""
    differences = compare(trace, logits)
    if differences.size == 0:
        raise SystemExit(f"{path}: nothing to compare")
    # A NaN is not within anything.
    within = bool(differences.max() <= tolerance)
    print(
        f"{name}: {path.name} ({trace['evaluation']}): {len(trace['answer_tokens'])} tokens, {differences.size} entries with "
        f"p >= {LEAST_PROBABILITY:g}: greatest difference {differences.max():.5f} nats, "
        f"mean {differences.mean():.5f} (tolerance {tolerance:g}): {'ok' if within else 'TOO FAR'}"
    )
    return within
