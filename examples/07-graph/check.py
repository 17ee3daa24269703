#===- check.py - The graph in numpy ----------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Holds what graph.mlir printed, on standard input, against numpy in f64."""

import re
import sys

import numpy as np

TOKENS, HEADS, FEATURES = 48, 4, 16
WIDTH = HEADS * FEATURES
# Three roundings to f16 in each of two layers.
TOLERANCE = 2e-3


def weights(a):
    n = np.arange(WIDTH * WIDTH).reshape(WIDTH, WIDTH)
    return ((n * a % 31) - 15) / 64


def split(x):
    return x.reshape(TOKENS, HEADS, FEATURES).transpose(1, 0, 2)


def attention(q, k, v):
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(FEATURES)
    scores = np.where(np.tri(TOKENS, dtype=bool), scores, -np.inf)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True) @ v


def graph():
    wq, wk, wv, wo = (weights(a) for a in (3, 5, 7, 11))
    x = weights(13)[:TOKENS] * 8
    for _ in range(2):
        o = attention(*(split(x @ w) for w in (wq, wk, wv)))
        x = x + o.transpose(1, 0, 2).reshape(TOKENS, WIDTH) @ wo
    return x


def main():
    data = sys.stdin.read().partition("data =")[2]
    numbers = re.findall(r"-?[\d.]+(?:e[-+]?\d+)?|-?(?:nan|inf)", data)
    expected = graph()
    if len(numbers) != expected.size:
        sys.exit(f"expected {expected.size} numbers, got {len(numbers)}")
    got = np.array(numbers, float).reshape(expected.shape)
    error = abs(got - expected).max() / abs(expected).max()
    if not error <= TOLERANCE:
        sys.exit(f"wrong: the largest error is {error:.1e} of the largest value")
    print(f"agrees with numpy: the largest error is {error:.1e} of the largest value")


main()
