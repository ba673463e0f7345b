#!/usr/bin/env python3
"""How far is an adapter's effect on a quantised base from its effect on the same weights as floats, and how far is it
with a wrong adapter? The figures behind the tolerances of crates/opzest-dorpo/src/export/parity.rs.

usage: parity_noise.py BASE.gguf TEXT. llama.cpp plays both sides: the file as it is (the runtime), and all its tensors as
F32 (the trainer, which computes with floats). Random adapters of several sizes; the parts are the adapter's targets alone.
"""

import sys
import tempfile
from pathlib import Path

import gguf
import numpy as np
from gguf import quants
from llama_cpp import Llama

RANK = 8
TARGETS = {
    "q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output", "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down",
}
PROMPT, ANSWER, PASSAGES = 32, 32, 6


def field(reader, name):
    value = reader.fields[name]
    return value.parts[value.data[0]]


def as_floats(reader, path):
    writer = gguf.GGUFWriter(path, bytes(field(reader, "general.architecture")).decode())
    for key, value in reader.fields.items():
        if key.startswith("GGUF.") or key in ("general.architecture", "general.file_type", "general.quantization_version"):
            continue
        item = value.types[1] if value.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(key, value.contents(), value.types[0], sub_type=item)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def adapter(reader, seed, size):
    """Every target of every layer; `size` is the standard deviation of B."""
    rng = np.random.default_rng(seed)
    shapes = {tensor.name: [int(n) for n in tensor.shape] for tensor in reader.tensors}
    weights = {}
    for layer in range(int(field(reader, "llama.block_count")[0])):
        for target, name in TARGETS.items():
            inputs, outputs = shapes[f"blk.{layer}.{name}.weight"]
            bound = 1 / np.sqrt(inputs)
            a = rng.uniform(-bound, bound, (RANK, inputs))
            weights[layer, target] = (a, rng.standard_normal((outputs, RANK)) * size)
    return weights


def permuted(b, head):
    """As if B were not in the order of a llama file's rows."""
    return b.reshape(-1, head // 2, 2, RANK).swapaxes(1, 2).reshape(b.shape)


def write(path, weights, alpha):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for (layer, target), (a, b) in weights.items():
        name = f"blk.{layer}.{TARGETS[target]}.weight"
        writer.add_tensor(f"{name}.lora_a", a.astype(np.float32))
        writer.add_tensor(f"{name}.lora_b", b.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def log_probs(model_path, lora, passages, kind):
    model = Llama(
        str(model_path), lora_path=lora and str(lora), logits_all=True, n_ctx=256, n_batch=256, flash_attn=False,
        n_threads=1, n_threads_batch=1, verbose=False, type_k=kind, type_v=kind,
    )
    found = []
    for tokens in passages:
        model.reset()
        model.eval(tokens)
        rows = np.array(model.scores[PROMPT - 1 : PROMPT + ANSWER - 1], dtype=np.float64)
        rows -= rows.max(axis=1, keepdims=True)
        rows -= np.log(np.exp(rows).sum(axis=1, keepdims=True))
        found.append(rows[np.arange(ANSWER), tokens[PROMPT:]])
    model.close()
    return np.concatenate(found)


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


def main():
    base, text = Path(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8")
    reader = gguf.GGUFReader(base)
    head = int(field(reader, "llama.embedding_length")[0]) // int(field(reader, "llama.attention.head_count")[0])
    tokenizer = Llama(str(base), vocab_only=True, verbose=False)
    length = PROMPT + ANSWER
    tokens = tokenizer.tokenize(text.encode(), add_bos=False)
    step = len(tokens) // PASSAGES
    passages = [tokens[i * step : i * step + length] for i in range(PASSAGES)]
    with tempfile.TemporaryDirectory() as folder:
        floats, lora = Path(folder) / "floats.gguf", Path(folder) / "lora.gguf"
        as_floats(reader, floats)
        trainer0 = log_probs(floats, None, passages, 0)
        runtime0 = log_probs(base, None, passages, 1)
        print(f"without an adapter: rms difference {rms(trainer0 - runtime0):.4f} nats", flush=True)
        print("size  part   effect  right  permuted q  doubled  zeroed   (rms of the effects' difference / rms effect)")
        for size in (0.05, 0.15, 0.4):
            whole = adapter(reader, 1, size)
            for part in ("all", "q", "k"):
                weights = {key: value for key, value in whole.items() if part in ("all", key[1])}
                write(lora, weights, 16.0)
                trainer = log_probs(floats, lora, passages, 0) - trainer0

                def distance():
                    return rms(log_probs(base, lora, passages, 1) - runtime0 - trainer) / rms(trainer)

                right = distance()
                turned = {
                    key: (a, permuted(b, head) if key[1] in "qk" else b) for key, (a, b) in weights.items()
                }
                write(lora, turned, 16.0)
                wrong = distance() if part in ("all", "q", "k") else float("nan")
                write(lora, weights, 32.0)
                doubled = distance()
                print(
                    f"{size:5} {part:5} {rms(trainer):7.4f} {right:6.3f} {wrong:9.3f} {doubled:10.3f} {1.0:8.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
