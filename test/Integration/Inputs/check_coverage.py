#===- check_coverage.py - What the default campaign covers -----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Fails where the first COUNT configurations of SEED leave something out.

Usage: check_coverage.py SEED COUNT TARGET

The target `processor` counts functions, each of which is called several times.
"""

import sys

from attn_testing import calls
from attn_testing.generator import HEAD_DIMS, RANDOM, Dealer, draw

import numpy as np


def demand(what, wanted, got):
    missing = [x for x in wanted if x not in got]
    if missing:
        sys.exit(f"{what}: no case has {missing}")


def draw_calls(seed, count):
    """The cases of the functions, and those of all their calls."""
    dealer = calls.Dealer(seed)
    functions = [calls.draw(dealer, number) for number in range(count)]
    made = [call for function in functions for call in function.calls]
    for name in ["arrangement", "side", "threads", "values"]:
        demand(name, dealer.decks[name], {getattr(c, name) for c in made})
    for name, wanted in [("target", calls.TARGETS), ("guard", ["begin", "end"])]:
        demand(name, wanted, {getattr(f, name) for f in functions})
    demand("rope", [True, False], {f.rope is not None for f in functions})
    return dealer, [c.case for c in made if c.case]


def draw_cases(seed, count, target):
    dealer = Dealer(np.random.default_rng(seed), target)
    configurations = [draw(dealer) for _ in range(count)]
    demand("judged by numpy", ["arrays", "seeded"],
           {c.inputs for c in configurations})
    demand("values", dealer.decks["values"], {c.values for c in configurations})
    return dealer, [c.case for c in configurations]


def main():
    seed, count, target = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    dealer, cases = (draw_calls(seed, count) if target == "processor" else
                     draw_cases(seed, count, target))
    for index, name in enumerate(["dqk", "dv"]):
        demand(name, HEAD_DIMS, {c.dims[index] for c in cases})
    demand("dqk != dv", [True], {c.dims[0] != c.dims[1] for c in cases})
    for name in ["element", "layout", "scale", "masked_row", "results",
                 "schedule"]:
        demand(name, dealer.decks[name], {getattr(c, name) for c in cases})
    for index, name in enumerate(["sq", "sk"]):
        lengths = {c.lengths[index] for c in cases}
        demand(name, [n for n in dealer.decks[name] if n is not RANDOM], lengths)
    demand("batch", [0, 1, 2, 3], {c.batch for c in cases})
    causals = {c.causal if isinstance(c.causal, (str, type(None))) else
               (c.causal > 0) - (c.causal < 0) for c in cases}
    demand("causal", [None, "top_left", "bottom_right", 1, -1], causals)
    windows = [c.window for c in cases if c.window]
    demand("window", [(0, 0), (None, 0), (0, None), (None, None)], windows)
    groups = {(min(c.heads[1], 2), min(c.heads[0] // c.heads[1], 2))
              for c in cases}
    demand("heads, groups", [(1, 1), (1, 2), (2, 1), (2, 2)], groups)
    has_empty_rows = {not c.keep().any(axis=1).all() and bool(c.flops)
                      for c in cases}
    demand("rows without keys", [True, False], has_empty_rows)


main()
