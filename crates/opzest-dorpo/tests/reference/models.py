"""Small random models with their log-probabilities and LoRA gradients, from Hugging Face transformers.

torch 2.15.0, transformers 5.23.0, gguf 0.19 (any that writes GGUF v3). Writes beside itself, for each of llama (tied,
permuted q and k), llama3 (untied, scaled RoPE, heads wider than hidden / heads), qwen2 (biases) and qwen3 (norms of q and
k): NAME.gguf, all F32, and NAME.json: examples, adapter, coefficients c, log-probabilities l, and the gradient of
sum(c * l) with respect to the adapter as it lies in the GGUF file.
"""
import json, math, os, random
import gguf, torch
import transformers

HERE = os.path.dirname(os.path.abspath(__file__))
HIDDEN, HEADS, KV, FF, LAYERS, VOCAB, RANK, ALPHA = 16, 4, 2, 20, 2, 50, 2, 3.0
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
GGUF_NAMES = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]


def config(name):
    common = dict(vocab_size=VOCAB, hidden_size=HIDDEN, intermediate_size=FF, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
                  num_key_value_heads=KV, max_position_embeddings=512, rms_norm_eps=1e-5, attn_implementation="eager")
    if name == "llama":
        return transformers.LlamaConfig(**common, rope_theta=10000.0, tie_word_embeddings=True)
    if name == "llama3":
        scaling = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64, rope_theta=500.0)
        return transformers.LlamaConfig(**common, head_dim=8, rope_parameters=scaling, tie_word_embeddings=False)
    if name == "qwen2":
        return transformers.Qwen2Config(**common, rope_theta=1000000.0, tie_word_embeddings=True)
    return transformers.Qwen3Config(**common, head_dim=8, rope_theta=1000000.0, tie_word_embeddings=True)


def permutation(heads, dim):
    """Row i of the GGUF file is row permutation[i] of Hugging Face's matrix."""
    return torch.arange(heads * dim).reshape(heads, 2, dim // 2).transpose(1, 2).reshape(-1)


class Lora(torch.nn.Module):
    def __init__(self, base, rows):
        super().__init__()
        self.base, self.rows = base, rows
        self.a = torch.nn.Parameter(torch.randn(RANK, base.in_features) * 0.3)
        self.b = torch.nn.Parameter(torch.randn(base.out_features, RANK) * 0.3)  # in the file's order of rows

    def forward(self, x):
        b = self.b
        if self.rows is not None:
            b = torch.empty_like(self.b).index_copy(0, self.rows, self.b)
        return self.base(x) + (x @ self.a.T) @ b.T * (ALPHA / RANK)


def write(name, model, dim):
    arch = "llama" if name == "llama3" else name
    w = gguf.GGUFWriter(os.path.join(HERE, name + ".gguf"), arch)
    w.add_context_length(512); w.add_embedding_length(HIDDEN); w.add_block_count(LAYERS); w.add_feed_forward_length(FF)
    w.add_head_count(HEADS); w.add_head_count_kv(KV); w.add_layer_norm_rms_eps(1e-5); w.add_vocab_size(VOCAB)
    w.add_rope_freq_base({"llama": 10000.0, "llama3": 500.0}.get(name, 1000000.0)); w.add_rope_dimension_count(dim)
    w.add_key_length(dim); w.add_value_length(dim)
    add = lambda key, t: w.add_tensor(key, t.detach().float().contiguous().numpy())
    add("token_embd.weight", model.model.embed_tokens.weight); add("output_norm.weight", model.model.norm.weight)
    if name == "llama3":
        add("output.weight", model.lm_head.weight)
        base = 500.0 ** (-torch.arange(0, dim, 2).double() / dim)
        add("rope_freqs.weight", base / model.model.rotary_emb.inv_freq.double())
    for i, layer in enumerate(model.model.layers):
        blk = lambda part: f"blk.{i}.{part}"
        add(blk("attn_norm.weight"), layer.input_layernorm.weight); add(blk("ffn_norm.weight"), layer.post_attention_layernorm.weight)
        if arch == "qwen3":
            add(blk("attn_q_norm.weight"), layer.self_attn.q_norm.weight); add(blk("attn_k_norm.weight"), layer.self_attn.k_norm.weight)
        for target, short in zip(TARGETS, GGUF_NAMES):
            lin = getattr(layer.self_attn if target in TARGETS[:4] else layer.mlp, target)
            rows = permutation(lin.out_features // dim, dim) if arch == "llama" and short in ("attn_q", "attn_k") else slice(None)
            add(blk(short + ".weight"), lin.weight[rows])
            if lin.bias is not None: add(blk(short + ".bias"), lin.bias)
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()


def make(name, seed):
    torch.manual_seed(seed); random.seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(config(name)).float().eval()
    with torch.no_grad():
        for key, p in model.named_parameters():
            p.copy_(1 + 0.2 * torch.randn_like(p) if "norm" in key else 0.35 * torch.randn_like(p))
    dim = 8 if name in ("llama3", "qwen3") else HIDDEN // HEADS
    write(name, model, dim)
    model.requires_grad_(False)
    loras = []
    for layer in model.model.layers:
        for target in TARGETS:
            owner = layer.self_attn if target in TARGETS[:4] else layer.mlp
            base = getattr(owner, target)
            rows = permutation(base.out_features // dim, dim) if name.startswith("llama") and target in ("q_proj", "k_proj") else None
            loras.append(Lora(base, rows)); setattr(owner, target, loras[-1])
    tokens = lambda n: [random.randrange(VOCAB) for _ in range(n)]
    examples = []
    for prompt, chosen, rejected in [(70, 30, [25, 60]), (5, 1, []), (11, 40, [1])]:
        soft = [{"tokens": random.sample(range(VOCAB), 3), "log_probs": [-1.0, -2.0, -3.0]} if i % 3 else None for i in range(chosen)]
        examples.append({"group": "g", "prompt": tokens(prompt), "chosen": {"tokens": tokens(chosen), "soft": soft}, "rejected": [tokens(n) for n in rejected]})
    log_probs = []
    for e in examples:
        def answer(ts, prompts=False):
            ids = torch.tensor([e["prompt"] + ts])
            return model(input_ids=ids, use_cache=False).logits[0].log_softmax(-1)
        p = len(e["prompt"])
        lp = answer(e["chosen"]["tokens"])
        log_probs += [lp[i - 1, t] for i, t in enumerate(e["prompt"]) if i]
        for i, (t, s) in enumerate(zip(e["chosen"]["tokens"], e["chosen"]["soft"])):
            log_probs += [lp[p + i - 1, x] for x in [t] + (s["tokens"] if s else [])]
        for ts in e["rejected"]:
            lp = answer(ts)
            log_probs += [lp[p + i - 1, t] for i, t in enumerate(ts)]
    log_probs = torch.stack(log_probs)
    c = (torch.rand(len(log_probs)) * 2 - 1) / 50
    (log_probs * c).sum().backward()
    flat = lambda f: [float(f"{x:.7g}") for lora in loras for m in (lora.a, lora.b) for x in f(m).flatten().tolist()]
    with open(os.path.join(HERE, name + ".json"), "w") as out:
        json.dump({"rank": RANK, "alpha": ALPHA, "examples": examples, "adapter": flat(lambda m: m.detach()), "coefficients": c.tolist(),
                   "log_probs": log_probs.tolist(), "gradient": flat(lambda m: m.grad)}, out)


NAMES = ["llama", "llama3", "qwen2", "qwen3"]

if __name__ == "__main__":
    for seed, name in enumerate(NAMES):
        make(name, seed)
