#===- train.py - A small GPT, trained twice --------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: train.py [--steps N] [--out DIR]

Trains a small GPT on a text that is made here, once with attn_mlir.sdpa and once with
eager attention, from the same weights and on the same batches. Writes losses.png, and
fails if the two curves are further than 1 % apart anywhere.
"""

import argparse
import math
import os
import random
import statistics
import sys
import time

import torch
from torch import nn

import attn_mlir

WIDTH, HEADS, LAYERS, CONTEXT, BATCH = 128, 4, 4, 128, 8


def make_text(sentences=4000):
    """Sums, spelled out: to predict a digit of the result, the model has to look
    back at two others."""
    source = random.Random(1)
    pairs = ((source.randrange(100), source.randrange(100))
             for _ in range(sentences))
    return "".join(f"{a:02}+{b:02}={a + b:03}. " for a, b in pairs)


def eager(q, k, v):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
    return scores.masked_fill(later, -math.inf).softmax(-1) @ v


def ours(q, k, v):
    return attn_mlir.sdpa(q, k, v, is_causal=True)


class Block(nn.Module):
    def __init__(self, attention):
        super().__init__()
        self.attention = attention
        self.before, self.between = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(),
                                 nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        batch, length, _ = x.shape
        # Three views of one tensor, which kernels take as they lie.
        q, k, v = self.qkv(self.before(x)).view(
            batch, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        mixed = self.attention(q, k, v).transpose(1, 2).reshape(x.shape)
        x = x + self.out(mixed)
        return x + self.mlp(self.between(x))


class GPT(nn.Module):
    def __init__(self, letters, attention):
        super().__init__()
        self.letters = nn.Embedding(letters, WIDTH)
        self.places = nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*[Block(attention) for _ in range(LAYERS)])
        self.last = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, letters, bias=False)

    def forward(self, tokens):
        places = torch.arange(tokens.shape[1])
        x = self.letters(tokens) + self.places(places)
        return self.head(self.last(self.blocks(x)))


def train(attention, tokens, letters, steps):
    """The loss of each step, and the seconds that a usual one took."""
    torch.manual_seed(7)
    model = GPT(letters, attention)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    batches = torch.Generator().manual_seed(8)
    losses, seconds = [], []
    for _ in range(steps):
        start = time.perf_counter()
        starts = torch.randint(len(tokens) - CONTEXT - 1, (BATCH,),
                               generator=batches)
        rows = torch.stack([tokens[s:s + CONTEXT + 1] for s in starts.tolist()])
        logits = model(rows[:, :-1])
        loss = nn.functional.cross_entropy(logits.flatten(0, 1),
                                           rows[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        seconds.append(time.perf_counter() - start)
    return losses, statistics.median(seconds)


def draw(curves, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
    for name, losses, style in curves:
        axes.plot(losses, style, label=name)
    axes.set(xlabel="step", ylabel="loss", title="a small GPT, in f32")
    axes.legend()
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--out", default=".")
    line = parser.parse_args()
    text = make_text()
    alphabet = sorted(set(text))
    tokens = torch.tensor([alphabet.index(letter) for letter in text])
    results = {}
    for name, attention in ("attn_mlir", ours), ("eager", eager):
        losses, seconds = train(attention, tokens, len(alphabet), line.steps)
        results[name] = losses
        print(f"{name:9}  loss {losses[0]:.4f} -> {losses[-1]:.4f}  "
              f"{seconds * 1e3:.1f} ms a step")
    apart = max(abs(a - b) / b for a, b in zip(*results.values()))
    print(f"at most {apart:.2%} apart")
    draw([("attn_mlir", results["attn_mlir"], "-"),
          ("eager", results["eager"], ":")], os.path.join(line.out, "losses.png"))
    return 0 if apart < 0.01 else 1


if __name__ == "__main__":
    sys.exit(main())
