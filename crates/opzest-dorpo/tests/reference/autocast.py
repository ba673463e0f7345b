"""How far bf16 takes PyTorch from the same models' f32 log-probabilities and gradients (models.py), for the tolerance of the
engine's bf16. torch 2.15.0, transformers 5.23.0. Prints |a - b| / |b| of both, under autocast: only the products in bf16, the frozen and
the adapter's weights and everything between in f32.
"""
import json, os, tempfile
import torch
import models

committed, models.HERE = models.HERE, tempfile.mkdtemp()
for seed, name in enumerate(models.NAMES):
    with torch.autocast("cpu", torch.bfloat16):
        models.make(name, seed)
    read = lambda folder: json.load(open(os.path.join(folder, name + ".json")))
    bf16, f32 = read(models.HERE), read(committed)
    assert bf16["examples"] == f32["examples"] and bf16["coefficients"] == f32["coefficients"]
    off = [(torch.tensor(bf16[key]) - torch.tensor(f32[key])).norm() / torch.tensor(f32[key]).norm() for key in ("log_probs", "gradient")]
    print(name, *(f"{x:.1e}" for x in off))
