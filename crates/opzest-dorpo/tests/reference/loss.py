"""The expected values of src/loss/reference.rs: torch's autograd through whole log-softmaxes in float64, and TRL's own
ORPO code. torch 2.15.0, transformers 5.23.0, trl 1.16.0 (trl.experimental.orpo), Python 3.11:

    TRL_EXPERIMENTAL_SILENCE=1 python loss.py

Sequences are named by a seed. Their logits and tokens come from formulas that the Rust tests have, too. Gradients are
with respect to the logits; of each sequence two numbers are printed: the dot product with fixed directions, and the
sum of squares.
"""

from types import SimpleNamespace

import torch
import torch.nn.functional as F
from trl.experimental.orpo import ORPOTrainer

VOCABULARY = 7
torch.set_default_dtype(torch.float64)


def logits(seed, length, height=4.0):
    t = torch.arange(length)[:, None].double()
    v = torch.arange(VOCABULARY)[None, :].double()
    return (height * torch.sin(1.7 * t + 2.3 * v * v + 0.9 * seed)).requires_grad_()


def tokens(seed, length):
    return torch.tensor([(5 * seed + 3 * t * t + t) % VOCABULARY for t in range(length)])


def told(gradient):
    t = torch.arange(gradient.shape[0])[:, None].double()
    v = torch.arange(gradient.shape[1])[None, :].double()
    dot = (gradient * torch.cos(1.1 * t + 0.7 * v + 0.3)).sum()
    return f"({dot.item():.9e}, {(gradient ** 2).sum().item():.9e})"


def kl(teacher, student, k):
    """Over k + 1 buckets; the tails are sums over the other tokens."""
    top = teacher.topk(k).indices
    rest = torch.ones(VOCABULARY, dtype=torch.bool)
    rest[top] = False
    bucket = lambda p: torch.cat([p[top], p[rest].sum()[None]]) if k < VOCABULARY else p[top]
    p, q = bucket(teacher.softmax(-1)), bucket(student.softmax(-1))
    return torch.distributions.kl_divergence(torch.distributions.Categorical(probs=p), torch.distributions.Categorical(probs=q))


def own(seed, length, logit):
    return torch.log_softmax(logit, -1)[torch.arange(length), tokens(seed, length)]


def odds(mean):
    # The clamp's value with a gradient as if there were none.
    mean = mean + (mean.clamp(max=-1e-6) - mean).detach()
    return mean - torch.log(-torch.expm1(mean))


def dorpo(name, chosen, soft, rejected, lam, weights, height=4.0):
    """chosen, rejected: (seed, length); soft: k of each position, 0 for the hard label."""
    at = lambda who: logits(*who, height)
    y, ns = at(chosen), [at(who) for who in rejected]
    teacher = logits(chosen[0] + 50, chosen[1]).detach()
    own_y = own(*chosen, y)
    kls = [kl(teacher[t], y[t], k) if k else torch.zeros(()) for t, k in enumerate(soft)]
    nlls = [torch.zeros(()) if k else -own_y[t] for t, k in enumerate(soft)]
    kl_part, nll_part = torch.stack(kls).mean(), torch.stack(nlls).mean()
    margins = [odds(own_y.mean()) - odds(own(*who, n).mean()) for who, n in zip(rejected, ns)]
    odds_part = sum((-F.logsigmoid(m) for m in margins), torch.zeros(()))
    total = weights[0] * (kl_part + nll_part) + lam * weights[1] * odds_part
    total.backward()
    print(f"// {name}")
    for part in ["total", "kl_part", "nll_part", "odds_part"]:
        print(f"    {part}: {locals()[part].item():.9e}")
    print("    margins:", [f"{m.item():.9e}" for m in margins])
    print("    gradients:", ", ".join(told(z.grad) for z in [y, *ns]))


dorpo("soft_and_rejected", (1, 3), [3, 3, 3], [(2, 2)], 0.5, (1.0, 1.0))
dorpo("mixed_with_two_rejected", (3, 4), [2, 0, 1, 5], [(4, 3), (5, 5)], 0.25, (0.5, 0.25))
dorpo("without_rejected", (6, 2), [4, 4], [], 0.5, (1.0, 1.0))
dorpo("whole_vocabulary", (7, 2), [7, 7], [(8, 2)], 0.1, (1.0, 1.0))
dorpo("one_token_hard", (9, 1), [0], [(10, 1)], 1.0, (1.0, 1.0))
dorpo("lambda_zero", (1, 3), [3, 0, 3], [(2, 2)], 0.0, (1.0, 1.0))


def trl(batch, beta):
    """TRL's own code from logits to loss. batch: (prompt length, chosen, rejected) with (seed, answer length)."""
    sequences = {"chosen": [], "rejected": []}
    for prompt, chosen, rejected in batch:
        for side, (seed, answer) in [("chosen", chosen), ("rejected", rejected)]:
            ids = tokens(seed, prompt + answer)
            sequences[side].append((logits(seed, prompt + answer), ids, prompt))
    longest = max(len(ids) for side in sequences.values() for _, ids, _ in side)
    rows = sequences["chosen"] + sequences["rejected"]
    given = {}
    for side, of_side in sequences.items():
        pad = lambda values, fill: torch.stack([F.pad(v, (0, longest - len(v)), value=fill) for v in values])
        given[f"{side}_input_ids"] = pad([ids for _, ids, _ in of_side], 0)
        given[f"{side}_attention_mask"] = pad([torch.ones_like(ids) for _, ids, _ in of_side], 0)
        labels = [torch.where(torch.arange(len(ids)) < prompt, -100, ids) for _, ids, prompt in of_side]
        given[f"{side}_labels"] = pad(labels, -100)
    stacked = torch.stack([F.pad(z, (0, 0, 0, longest - len(z))) for z, _, _ in rows])
    trainer = SimpleNamespace(
        is_encoder_decoder=False, padding_value=0, aux_loss_enabled=False, beta=beta,
        accelerator=SimpleNamespace(device="cpu", gather_for_metrics=lambda value: value),
        concatenated_inputs=ORPOTrainer.concatenated_inputs, get_batch_logps=ORPOTrainer.get_batch_logps,
    )
    for name in ["odds_ratio_loss", "concatenated_forward"]:
        setattr(trainer, name, getattr(ORPOTrainer, name).__get__(trainer))
    model = lambda ids, attention_mask, use_cache: SimpleNamespace(logits=stacked)
    loss, metrics = ORPOTrainer.get_batch_loss_metrics(trainer, model, given)
    loss.backward()
    print("// trl", batch)
    print(f"    total: {loss.item():.9e}")
    for name in ["nll_loss", "log_odds_ratio", "log_odds_chosen", "logps/chosen", "logps/rejected"]:
        print(f"    {name}: {metrics[name]:.9e}")
    print("    gradients:", ", ".join(told(z.grad) for z, _, _ in rows))


trl([(3, (11, 4), (12, 2))], 0.1)
trl([(2, (13, 2), (14, 4)), (4, (15, 5), (16, 3))], 0.3)


def one_odds(chosen, rejected):
    c, r = torch.tensor(chosen, requires_grad=True), torch.tensor(rejected, requires_grad=True)
    margin = odds(c) - odds(r)
    loss = -F.logsigmoid(margin)
    loss.backward()
    print(f"    ({chosen}, {rejected}): {loss.item():.12e} {margin.item():.12e} {c.grad.item():.9e} {r.grad.item():.9e}")


print("// odds: loss, margin, by chosen, by rejected")
for pair in [(-0.5, -0.5), (-1e-9, -2.0), (-2.0, -1e-9), (-3000.0, -0.7), (-0.7, -3000.0), (-1e-4, -1e-5)]:
    one_odds(*pair)
