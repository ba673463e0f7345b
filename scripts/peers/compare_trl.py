#!/usr/bin/env python3
"""TRL's ORPO and ours, step by step: compare_trl.py MODEL_GGUF FOLDER.

FOLDER has the rows, and what `preferences orpo` made of them: `first-adapter/`, which both sides begin with, and `ours.json`. TRL gets the
same model (dequantised to f32), rows, order, batches, learning rates and settings of AdamW. Wanted: the first 20 losses differ by
less than 0.1 %, and ours prefers the accepted answer as often, on held-out rows.
"""

import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["TQDM_DISABLE"] = "1"
os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"

import torch
from datasets import Dataset, disable_progress_bars
from peft import PeftModel
from preferences import Tokens
from torch.optim.lr_scheduler import LambdaLR
from transformers import AutoModelForCausalLM
from trl.experimental.orpo import ORPOConfig, ORPOTrainer

COMPARED, FURTHEST = 20, 1e-3


class Recorder(ORPOTrainer):
    """TRL's trainer, in the rows' own order, with its losses unrounded."""

    losses = ()

    def _get_train_sampler(self, *_):
        return torch.utils.data.SequentialSampler(self.train_dataset)

    def compute_loss(self, *arguments, **options):
        loss = super().compute_loss(*arguments, **options)
        self.losses = [*self.losses, loss.item()]
        return loss


def dataset(rows):
    return Dataset.from_list([row["texts"] for row in rows])


def check_tokens(trainer, rows):
    """TRL has cut the texts into tokens itself."""
    for row, theirs in zip(rows, trainer.train_dataset, strict=True):
        for side, answer in (("chosen", row["chosen"]["tokens"]), ("rejected", row["rejected"][0])):
            if theirs[f"{side}_input_ids"] != row["prompt"] + answer:
                raise SystemExit(f"TRL has other tokens for {row['texts'][side]!r}")


def dequantised(gguf):
    """A model that remembers nothing of GGUF: transformers refuses to train what it has read from one."""
    read = AutoModelForCausalLM.from_pretrained(str(gguf.parent), gguf_file=gguf.name, dtype=torch.float32)
    if hasattr(read.config, "quantization_config"):
        del read.config.quantization_config
    model = AutoModelForCausalLM.from_config(read.config, dtype=torch.float32)
    model.load_state_dict(read.state_dict())
    return model


@torch.no_grad()
def held_out(trainer):
    """Chosen NLL and preference accuracy, means over rows."""
    trainer.model.eval()
    chosen, rejected = [], []
    for batch in trainer.get_eval_dataloader():
        logps = trainer.concatenated_forward(trainer.model, batch)
        chosen += logps[0].tolist()
        rejected += logps[1].tolist()
    better = sum(a > b for a, b in zip(chosen, rejected))
    return -sum(chosen) / len(chosen), better / len(chosen)


def main():
    gguf, folder = Path(sys.argv[1]), Path(sys.argv[2])
    ours = json.loads((folder / "ours.json").read_text())
    rows = [json.loads(line) for line in open(folder / "rows.jsonl", encoding="utf-8")]
    train = [row for row in rows if not row["held_out"]]
    train = [train[at] for at in ours["order"]]
    test = [row for row in rows if row["held_out"]][: ours["held_out"]]

    torch.set_num_threads(int(os.environ.get("OPZEST_THREADS", "1")))
    disable_progress_bars()
    tokenizer = Tokens(gguf).tokenizer
    model = PeftModel.from_pretrained(dequantised(gguf), folder / "first-adapter", is_trainable=True)
    optimiser = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=1.0, weight_decay=ours["weight_decay"]
    )
    # One more than there are steps: a scheduler looks ahead.
    schedule = LambdaLR(optimiser, lambda step: [*ours["rates"], 0.0][step])
    settings = ORPOConfig(
        output_dir=str(folder / "trl"), per_device_train_batch_size=ours["batch"], per_device_eval_batch_size=ours["batch"],
        num_train_epochs=1, beta=ours["lambda"], max_grad_norm=ours["clip"], max_length=512, bf16=False, use_cpu=True,
        gradient_checkpointing=False, remove_unused_columns=False, report_to="none", save_strategy="no", disable_tqdm=True,
        logging_strategy="no",
    )
    trainer = Recorder(
        model=model, args=settings, train_dataset=dataset(train), eval_dataset=dataset(test), processing_class=tokenizer,
        optimizers=(optimiser, schedule),
    )
    check_tokens(trainer, train)
    before = held_out(trainer)
    trainer.model.train()
    trainer.train()
    after = held_out(trainer)

    print("| step | ours | TRL | difference, relative |\n| --- | --- | --- | --- |")
    furthest = [abs(a - b) / abs(b) for a, b in zip(ours["losses"], trainer.losses, strict=True)]
    for step, (mine, theirs, away) in enumerate(zip(ours["losses"], trainer.losses, furthest), 1):
        if step <= COMPARED or step == len(furthest):
            print(f"| {step} | {mine:.6f} | {theirs:.6f} | {away:.1e} |")
    same = max(furthest[:COMPARED]) < FURTHEST
    as_good = ours["accuracy"] >= after[1]
    print(
        f"\nGreatest difference of the first {COMPARED} losses {max(furthest[:COMPARED]):.1e}, of all {len(furthest)} "
        f"{max(furthest):.1e}: {'ok' if same else 'TOO FAR'}\n"
        f"{len(test)} held-out rows before: chosen NLL {before[0]:.4f}, preference accuracy {before[1]:.3f}\n"
        f"after: chosen NLL ours {ours['chosen_nll']:.4f}, TRL {after[0]:.4f}; preference accuracy ours "
        f"{ours['accuracy']:.3f}, TRL {after[1]:.3f}: {'ok' if as_good else 'WORSE'}"
    )
    return 0 if same and as_good else 1


if __name__ == "__main__":
    sys.exit(main())
