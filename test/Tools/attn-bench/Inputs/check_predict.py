#===- check_predict.py - Predictions of packages ---------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_predict.py DIR: of causal attention with d 128 and other cases of it,
holds predictions against bounds that need no model."""

import json
import os
import sys

FLOPS = 4 * 128 * 8 * 4  # of a pair, for all heads and batches
PEAK = {"sm_90a": 132 * 4096 * 1.5e9, "sm_80": 108 * 2048 * 1.41e9}


def predicted(name):
    with open(os.path.join(sys.argv[1], f"{name}.json"), encoding="utf-8") as file:
        record = json.load(file)
    assert record["schema"] == 1, record
    (made,) = record["predictions"]
    return made["chip"], made["predicted"]


def check(name, pairs, least, most):
    """The part of the tensor cores' time that is used, and what follows from it."""
    chip, made = predicted(name)
    share = FLOPS * pairs / (made["microseconds"] * 1e-6) / PEAK[chip]
    assert least < share < most, (name, share)
    assert abs(share / made["tensor_share"] - 1) < 1e-9, made
    return made["microseconds"]


def triangle(length):
    return length * (length + 1) / 2


short = check("1", triangle(1024), 0.1, 0.7)
causal = check("4", triangle(4096), 0.5, 0.95)
full = check("none", 4096 * 4096, 0.6, 0.95)
window = check("window", triangle(257) + 257 * (4096 - 257), 0.1, 0.6)
check("sm_80", triangle(4096), 0.4, 0.95)
assert short < window < causal < full, (short, window, causal, full)
# All but DRAM follows the clock.
_, slow = predicted("slow")
assert 1.5 < slow["microseconds"] / causal <= 2, slow
