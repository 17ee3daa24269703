#===- check_coverage.py - What the default campaign covers -----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Fails where the first COUNT configurations of SEED leave something out.

Usage: check_coverage.py SEED COUNT TARGET
"""

import sys

from attn_testing.generator import HEAD_DIMS, RANDOM, Dealer, draw

import numpy as np


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    dealer = Dealer(np.random.default_rng(seed), sys.argv[3])
    configurations = [draw(dealer) for _ in range(count)]
    cases = [c.case for c in configurations]

    def demand(what, wanted, got):
        missing = [x for x in wanted if x not in got]
        if missing:
            sys.exit(f"{what}: no case has {missing}")

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
    demand("judged by numpy", ["arrays", "seeded"],
           {c.inputs for c in configurations})
    demand("values", dealer.decks["values"], {c.values for c in configurations})


main()
