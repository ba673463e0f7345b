#!/usr/bin/env python3
"""Makes small random models for the check of exported adapters: export_models.py FOLDER.

For each architecture a folder with `hf/` (transformers), `base.gguf` (F32, the same weights in llama.cpp's layout), and a
random LoRA adapter in the GGUF file's layout (`lora.safetensors`, `lora.json`), which the example export_peers exports.
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors.numpy import save_file
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

RANK, ALPHA = 4, 12.0
VOCABULARY = 300
# In the order of opzest_dorpo::export::Target::ALL: GGUF's name, transformers' module.
TARGETS = (
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
)
COMMON = dict(
    vocab_size=VOCABULARY, hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=256, rms_norm_eps=1e-5, tie_word_embeddings=False,
    # Large enough that a swapped row shows.
    initializer_range=0.15,
)
MODELS = {
    "llama": (LlamaForCausalLM, LlamaConfig(**COMMON)),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(**COMMON)),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(**COMMON, head_dim=32)),
}


def paired(weight, heads):
    """Rows as in GGUF files of the llama family (llama.cpp, convert_hf_to_gguf.py, `permute`)."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def write_gguf(path, architecture, config, head_dim, state):
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type("model")
    writer.add_name("Tiny")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(VOCABULARY)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([f"token{i}" for i in range(VOCABULARY)])
    writer.add_token_types([gguf.TokenType.NORMAL] * VOCABULARY)
    writer.add_token_merges(["t o"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    names = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    for layer in range(config.num_hidden_layers):
        prefix = f"model.layers.{layer}"
        names[f"{prefix}.input_layernorm.weight"] = f"blk.{layer}.attn_norm.weight"
        names[f"{prefix}.post_attention_layernorm.weight"] = f"blk.{layer}.ffn_norm.weight"
        names[f"{prefix}.self_attn.q_norm.weight"] = f"blk.{layer}.attn_q_norm.weight"
        names[f"{prefix}.self_attn.k_norm.weight"] = f"blk.{layer}.attn_k_norm.weight"
        for name, module in TARGETS:
            names[f"{prefix}.{module}.weight"] = f"blk.{layer}.{name}.weight"
            names[f"{prefix}.{module}.bias"] = f"blk.{layer}.{name}.bias"
    for key, tensor in state.items():
        values = tensor.numpy()
        if architecture == "llama" and ".q_proj." in key:
            values = paired(values, config.num_attention_heads)
        if architecture == "llama" and ".k_proj." in key:
            values = paired(values, config.num_key_value_heads)
        writer.add_tensor(names[key], np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_adapter(folder, architecture, config, head_dim, state):
    rng = np.random.default_rng(5)
    tensors, slices = {}, []
    for layer in range(config.num_hidden_layers):
        for index, (name, module) in enumerate(TARGETS):
            outputs, inputs = state[f"model.layers.{layer}.{module}.weight"].shape
            key = f"blk.{layer}.{name}.weight"
            tensors[f"{key}.a"] = rng.normal(0, 0.1, (RANK, inputs)).astype(np.float32)
            tensors[f"{key}.b"] = rng.normal(0, 0.1, (outputs, RANK)).astype(np.float32)
            slices.append((layer, index))
    save_file(tensors, folder / "lora.safetensors")
    description = dict(architecture=architecture, head_dim=head_dim, rank=RANK, alpha=ALPHA, slices=slices)
    (folder / "lora.json").write_text(json.dumps(description), encoding="utf-8")


def main():
    root = Path(sys.argv[1])
    for architecture, (kind, config) in MODELS.items():
        torch.manual_seed(3)
        folder = root / architecture
        folder.mkdir(parents=True)
        model = kind(config).eval()
        # Norms and biases begin as ones and zeros, where a mistake would not show.
        with torch.no_grad():
            for name, values in model.named_parameters():
                if values.ndim == 1:
                    values.add_(torch.randn_like(values) * 0.2)
        model.save_pretrained(folder / "hf")
        head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        write_gguf(folder / "base.gguf", architecture, config, head_dim, model.state_dict())
        write_adapter(folder, architecture, config, head_dim, model.state_dict())


if __name__ == "__main__":
    main()
