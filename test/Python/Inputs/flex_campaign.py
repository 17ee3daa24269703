#===- flex_campaign.py - Random functions of scores and masks --------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: flex_campaign.py [--cases N] [--seed N]

Calls attn_mlir.flex_attention with pairs of score_mod and mask_mod and holds output
and LSE against PyTorch's flex_attention in f64, no further off than PyTorch's on the
same operands, which has no gradients on processors: those are held against the
textbook's attention, on which the same functions work row by row.
"""

import argparse
import collections
import random
import sys

import torch
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

import attn_mlir
from attn_mlir import settings
from judging import attention, fault

NOT_YET = collections.Counter()


def scores(t):
    """Functions of scores, on tensors of t."""
    return {
        "none": None,
        "softcap": lambda s, b, h, i, j: 15 * torch.tanh(s / 15),
        "distance": lambda s, b, h, i, j: s - 0.1 * (i - j).abs(),
        "slopes": lambda s, b, h, i, j: s + t.slopes[h] * (j - i),
        "bias": lambda s, b, h, i, j: s + t.bias[b, h, i, j],
        "relative": lambda s, b, h, i, j: s + t.relative[h, i - j + 199],
        "parity": lambda s, b, h, i, j: torch.where((i - j) % 3 == 0, s, s * 0.5),
        "gate": lambda s, b, h, i, j: s * torch.sigmoid(t.slopes[h] * s),
        "clamped": lambda s, b, h, i, j: torch.clamp(s, -1.5, 1.5),
        "masked": lambda s, b, h, i, j: torch.where(i >= j, s, -float("inf")),
        "squares": lambda s, b, h, i, j: s ** 2 / 4 - torch.exp(-s.abs()),
        "temperature": lambda s, b, h, i, j: s * t.temperature,
    }


def masks(t):
    def causal(b, h, i, j):
        return i >= j

    def documents(b, h, i, j):
        return t.documents[b, i] == t.documents[b, j]

    return {
        "none": None,
        "causal": causal,
        "window": lambda b, h, i, j: (i >= j) & (i - j < 20),
        "documents": lambda b, h, i, j: causal(b, h, i, j) & documents(b, h, i, j),
        "prefix": lambda b, h, i, j: (j < t.prefix[b]) | causal(b, h, i, j),
        "chunks": lambda b, h, i, j: i // 16 == j // 16,
        "dilated": lambda b, h, i, j: ((i - j) % 4 == 0) & causal(b, h, i, j),
        "heads": lambda b, h, i, j: (h % 2 == 0) | (j > i),
        "not": lambda b, h, i, j: ~((i + j) % 5 == 2),
        "table": lambda b, h, i, j: t.kept[i, j],
    }


class Tensors:
    """What functions read. Contents change from call to call, ranks do not."""

    def __init__(self, batch, heads, queries, keys, dtype):
        self.slopes = torch.rand(heads)
        self.bias = torch.randn(batch, heads, queries, keys).to(dtype)
        self.relative = torch.randn(heads, 400)
        self.documents = torch.randint(3, (batch, max(queries, keys)))
        self.prefix = torch.randint(1, 30, (batch,))
        self.kept = torch.rand(queries, keys) < 0.6
        self.temperature = torch.tensor(0.7)

    def floats(self):
        return [each for each in vars(self).values() if each.is_floating_point()]


def gradients(function, tensors, read, weights):
    """Output, LSE, gradients of the tensors and of what functions read."""
    copies = [each.detach().clone().requires_grad_() for each in tensors]
    for each in read:
        each.requires_grad_().grad = None
    output, lse = function(*copies)
    (output.double() * weights).sum().backward()
    return [output.detach(), lse.detach(), *(each.grad for each in copies),
            *(each.grad for each in read)]


def check(random, score, mask):
    kinds = [torch.bfloat16, torch.float16]
    if settings.cpu_device == "host":
        kinds.append(torch.float32)
    dtype = random.choice(kinds)
    batch, (heads, key_heads) = random.choice([1, 2]), random.choice([(2, 2), (4, 2)])
    queries, keys = random.choice([(33, 33), (64, 64), (100, 130), (17, 150),
                                   (130, 130)])
    q, k, v = (torch.randn(batch, h, n, 32).to(dtype)
               for h, n in ((heads, queries), (key_heads, keys), (key_heads, keys)))
    tensors = Tensors(batch, heads, queries, keys, dtype)
    score_mod, mask_mod = scores(tensors)[score], masks(tensors)[mask]
    weights = torch.randn(batch, heads, queries, 32).double()
    scale = random.choice([None, 0.2])
    block_mask = mask_mod and create_block_mask(mask_mod, batch, heads, queries,
                                                keys, device="cpu")
    options = dict(score_mod=score_mod, scale=scale, enable_gqa=True,
                   return_lse=True)
    places = torch.meshgrid(*map(torch.arange, (batch, heads, queries, keys)),
                            indexing="ij")
    kept = mask_mod(*places).expand(places[0].shape) if mask_mod else None

    def ours(q, k, v):
        if random.random() < 0.5:
            return attn_mlir.flex_attention(q, k, v, mask_mod=mask_mod, **options)
        return attn_mlir.flex_attention(q, k, v, block_mask=block_mask, **options)

    def theirs(q, k, v):
        return flex_attention(q, k, v, block_mask=block_mask, **options)

    def naive(dtype):
        return lambda q, k, v: attention(
            q, k, v, dtype=dtype, scale=scale, keep=kept,
            score=score_mod and (lambda s: score_mod(s, *places)))

    double = [each.double() for each in (q, k, v)]
    read = tensors.floats()
    exact = gradients(naive(torch.float64), double, read, weights)
    usual = gradients(naive(torch.float32), (q, k, v), read, weights)
    with torch.no_grad():
        usual[:2], exact[:2] = theirs(q, k, v), theirs(*double)
    try:
        got = gradients(ours, (q, k, v), read, weights)
    except NotImplementedError as error:
        NOT_YET[str(error)] += 1
        with torch.no_grad():
            got = ours(q, k, v)
    for name, a, b, c in zip(["output", "lse", "query's gradient",
                              "key's gradient", "value's gradient",
                              *["gradient of a tensor that is read"] * len(read)],
                             got, usual, exact):
        if a is None and c is None:  # the functions of this call do not read it
            continue
        # With operands of 16 bits, the rounding of each row's output is a part of
        # sums over all rows, and in none of the baseline's.
        if "read" in name and dtype != torch.float32:
            continue
        wrong = fault(a, b.to(a.dtype), c)
        if wrong:
            yield f"{name} {wrong} ({dtype}, {queries}x{keys})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    line = parser.parse_args()
    source = random.Random(line.seed)
    pairs = [(score, "none") for score in scores(None) if score != "none"]
    pairs += [("none", mask) for mask in masks(None) if mask != "none"]
    pairs += [("softcap", "documents"), ("bias", "prefix"), ("parity", "window"),
              ("slopes", "causal"), ("gate", "chunks")]
    source.shuffle(pairs)
    bad = 0
    for case in range(line.cases):
        torch.manual_seed(line.seed * 100000 + case)
        score, mask = pairs[case % len(pairs)]
        for wrong in check(source, score, mask):
            bad += 1
            print(f"case {case}: {score}, {mask}: {wrong}")
    for text, count in NOT_YET.items():
        print(f"{count} calls without gradients: {text}")
    print(f"{line.cases} calls, {bad} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
