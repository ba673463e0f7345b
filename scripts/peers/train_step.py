"""Training steps of PyTorch + PEFT on made-up rows, as a user of both would write them: the chosen and the rejected sequence in one
batch, logits of the answers only, DORPO with soft labels (k = 16). Prints {"speed": dataset tokens per second, "memory": MiB at most}.

The soft labels, the loss and the shapes are those of opzest-dorpo's example train_speed. Compilation and the first step are left out.
"""
import argparse, json, os, resource, time

os.environ["HF_HUB_OFFLINE"] = "1"
import peft, torch, transformers
import torch.nn.functional as F

from train_shapes import SHAPES, TARGETS

argument = argparse.ArgumentParser()
argument.add_argument("--shape", default="135m")
argument.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
argument.add_argument("--compile", action="store_true")
argument.add_argument("--prompt", type=int, default=128)
argument.add_argument("--answer", type=int, default=128)
argument.add_argument("--steps", type=int, default=5)
argument.add_argument("--threads", type=int, default=2)
options = argument.parse_args()

torch.set_num_threads(options.threads)
torch.manual_seed(0)
# On processors without bf16 products it changes nothing; elsewhere it is what makes f32 fast.
torch.set_float32_matmul_precision("medium")
dtype = torch.float32 if options.dtype == "f32" else torch.bfloat16
shape = SHAPES[options.shape]
kind = "Llama" if shape["architecture"] == "llama" else "Qwen2"
config = getattr(transformers, kind + "Config")(
    vocab_size=shape["vocabulary"], hidden_size=shape["hidden"], intermediate_size=shape["feed_forward"],
    num_hidden_layers=shape["layers"], num_attention_heads=shape["heads"], num_key_value_heads=shape["kv_heads"],
    max_position_embeddings=8192, tie_word_embeddings=True, attn_implementation="sdpa")
torch.set_default_dtype(dtype)
model = getattr(transformers, kind + "ForCausalLM")(config)
torch.set_default_dtype(torch.float32)
lora = peft.LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules=TARGETS, task_type="CAUSAL_LM")
# In bf16 the adapter, too: faster than casting at every product.
model = peft.get_peft_model(model, lora, autocast_adapter_dtype=options.dtype == "f32").train()
learned = [p for p in model.parameters() if p.requires_grad]
optimiser = torch.optim.AdamW(learned, lr=1e-4, weight_decay=0.0)
forward = torch.compile(model) if options.compile else model

prompt = torch.randint(0, 49_000, (1, options.prompt))
answers = torch.randint(0, 49_000, (2, options.answer))
rows = torch.cat([prompt.expand(2, -1), answers], 1)
soft = (answers[0][:, None] + 37 * torch.arange(16)) % 49_000
teacher = torch.full(soft.shape, -3.0)


def odds(mean):
    return mean - torch.log(-torch.expm1(mean.clamp(max=-1e-6)))


def loss():
    logits = forward(input_ids=rows, logits_to_keep=options.answer + 1, use_cache=False).logits[:, :-1]
    scores = logits.float().log_softmax(-1)
    chosen, rejected = scores.gather(-1, answers[..., None])[..., 0].mean(1)
    student = scores[0].gather(-1, soft)
    tail = (1 - teacher.exp().sum(-1)), (1 - student.exp().sum(-1))
    kl = (teacher.exp() * (teacher - student)).sum(-1) + tail[0] * (tail[0].log() - tail[1].log())
    return kl.mean() - 0.1 * F.logsigmoid(odds(chosen) - odds(rejected))


# With one thread its time on the processor counts, so that a busy machine distorts less; train_speed does the same.
clock = time.process_time if options.threads == 1 else time.perf_counter
best = float("inf")
for step in range(options.steps + 1):
    start = clock()
    loss().backward()
    torch.nn.utils.clip_grad_norm_(learned, 1.0)
    optimiser.step()
    optimiser.zero_grad()
    if step > 0:
        best = min(best, clock() - start)
tokens = 2 * (options.prompt + options.answer)
print(json.dumps({"speed": tokens / best, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
