#===- mutated_kernels.py - What mutants.py compiles and breaks ---------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Functions and their schedules, by target. Names are unique over all targets: the
list of mutants that are no mistakes goes by them."""

from typing import NamedTuple


class Function(NamedTuple):
    name: str
    element: str
    heads: tuple  # of queries, of keys
    lengths: list  # (queries, keys); several where the function leaves them open
    dims: tuple  # of queries and keys, of values
    clauses: str
    schedule: str = ""
    gradients: bool = False  # the kernels of its gradients, and of itself


# Every class of head dims (one panel of 16, 32 and 64 columns, two and four panels,
# sizes that are padded, two that differ), both element types, grouped heads, all
# masks, rows without keys, lengths that fit and lengths that do not, 1 to 3 stages.
SM_80 = [
    Function("causal64", "bf16", (2, 1), [(200, 203)], (64, 64),
             "causal(bottom_right)"),
    Function("causal64x1", "f16", (2, 1), [(200, 350)], (64, 64),
             "causal(bottom_right)", "stages=1,warps=4,q=64,kv=32"),
    Function("causal64x3", "bf16", (2, 1), [(200, 303)], (64, 64),
             "causal(top_left)", "stages=3,warps=4,q=64,kv=32"),
    Function("window40", "f16", (2, 1), [(330, 411)], (40, 40),
             "window(150, 120)"),
    Function("causal128", "bf16", (2, 1), [(130, 287)], (128, 128),
             "causal(bottom_right)", "stages=2,warps=4,q=64,kv=32"),
    Function("causal80x3", "bf16", (2, 1), [(130, 261)], (80, 80),
             "causal(bottom_right)", "stages=3,warps=2,q=32,kv=32"),
    Function("plain16", "bf16", (1, 1), [(77, 150)], (16, 16), ""),
    Function("plain32", "f16", (2, 2), [(128, 256)], (32, 32), "",
             "stages=2,warps=4,q=64,kv=64"),
    Function("plain96", "f16", (2, 2), [(100, 190)], (96, 96), "layout(bshd)"),
    Function("plain256", "bf16", (1, 1), [(140, 133)], (256, 256), ""),
    Function("latent", "bf16", (2, 1), [(90, 140)], (192, 128),
             "causal(bottom_right)"),
    Function("open64", "f16", (6, 2), [(130, 170), (64, 128), (33, 260)],
             (64, 64), "causal(bottom_right)"),
    Function("empty_rows", "f16", (4, 2), [(190, 100)], (64, 64),
             "causal(bottom_right) masked_row(nan)"),
]

# Both kernels of gradients with what each has by itself: rings of one stage and of
# three, a gradient in each of two kernels, heads that share keys.
GRADIENTS_80 = [
    Function("gradients64", "bf16", (2, 1), [(150, 170)], (64, 64),
             "causal(bottom_right)", "keys.rows=64,keys.warps=4,keys.step=32,"
             "queries.rows=64,queries.warps=4,queries.step=32", True),
    Function("gradients32x1", "f16", (2, 2), [(100, 90)], (32, 48), "",
             "keys.stages=1,keys.rows=32,keys.warps=2,keys.step=16,"
             "queries.stages=3,queries.step=16", True),
]
GRADIENTS_90A = [
    Function("gradients64_tma", "bf16", (4, 2), [(150, 170)], (64, 64),
             "causal(bottom_right)", "keys.step=32,queries.step=32", True),
    Function("gradients32_parted", "f16", (2, 2), [(100, 140)], (32, 48), "",
             "keys.parted=1,keys.stages=1,keys.step=32,queries.stages=3", True),
]

# Every CTA stands alone; CTAs take several tiles, queries are copied ahead, and
# warpgroups take turns; products overlap, too. There is room for the next query,
# and registers for overlapping in turns, up to 128.
PLAIN = "heads=1,persistent=0,prefetch=0,turns=0,overlap=0"
RESIDENT = "heads=1,persistent=2,prefetch=1,turns=1,overlap=0"
RESIDENT_WIDE = "heads=1,persistent=2,prefetch=0,turns=1,overlap=0"
OVERLAPPED = "heads=1,persistent=2,prefetch=1,turns=2,overlap=1"
TWO, THREE = "q=128,warps=8", "q=192,warps=12"
OVERLAPPED_WIDE = "heads=1,persistent=1,prefetch=0,turns=0,overlap=1"


def in_groups(schedule, heads):
    """The schedule with so many query heads in a tile."""
    return schedule.replace("heads=1", f"heads={heads}")


# Small tiles of keys, so that short lengths go around rings and loops more than once;
# without a mask they fit, or the loop with masks would be left by its first and last
# step. Sixteen tiles of queries are four for each of the simulator's multiprocessors,
# so that both slots of queries are waited for. Where heads share a tile, the last of
# several equal keys counts.
SM_90A = [
    Function("tma64", "bf16", (8, 2), [(150, 230)], (64, 64),
             "causal(bottom_right)", f"{TWO},kv=32,{PLAIN}"),
    Function("resident64", "f16", (8, 2), [(150, 330)], (64, 64),
             "causal(bottom_right)", f"{TWO},kv=64,{RESIDENT}"),
    Function("overlapped64", "bf16", (8, 2), [(150, 230)], (64, 64),
             "causal(bottom_right)", f"{TWO},kv=32,{OVERLAPPED}"),
    Function("overlapped64_plain", "f16", (8, 1), [(140, 160)], (64, 64), "",
             f"{TWO},kv=32,{OVERLAPPED}"),
    Function("three64", "bf16", (8, 2), [(230, 330)], (64, 64),
             "causal(bottom_right)", f"{THREE},kv=64,{RESIDENT}"),
    Function("overlapped_three64", "f16", (8, 2), [(230, 310)], (64, 64),
             "causal(bottom_right)", f"{THREE},kv=32,{OVERLAPPED}"),
    Function("resident80", "bf16", (8, 2), [(150, 160)], (80, 80), "",
             "kv=32," + RESIDENT),
    Function("overlapped80", "bf16", (8, 2), [(150, 230)], (80, 80),
             "causal(bottom_right)", "kv=48,stages=3," + OVERLAPPED),
    Function("tma128", "bf16", (8, 2), [(150, 160)], (128, 128), "",
             "kv=32," + PLAIN),
    Function("resident128", "bf16", (8, 2), [(150, 230)], (128, 128),
             "causal(bottom_right)", "kv=32," + RESIDENT),
    Function("overlapped128", "bf16", (8, 2), [(150, 230)], (128, 128),
             "causal(bottom_right)", "kv=32," + OVERLAPPED),
    Function("tma_latent", "bf16", (8, 2), [(150, 230)], (192, 128),
             "causal(bottom_right)", "kv=32," + PLAIN),
    Function("resident_latent", "bf16", (8, 2), [(150, 160)], (192, 128), "",
             "kv=32," + RESIDENT_WIDE),
    Function("overlapped_latent", "bf16", (8, 2), [(150, 230)], (192, 128),
             "causal(bottom_right)", "kv=32," + OVERLAPPED_WIDE),
    Function("resident256", "f16", (8, 2), [(150, 118)], (256, 256),
             "causal(bottom_right)", "kv=16," + RESIDENT_WIDE),
    Function("overlapped256", "bf16", (8, 2), [(150, 80)], (256, 256), "",
             "kv=16," + OVERLAPPED_WIDE),
    Function("shared64", "bf16", (16, 4), [(130, 230)], (64, 64),
             "causal(bottom_right)", f"{TWO},kv=32,{in_groups(OVERLAPPED, 4)}"),
    Function("decoded128", "f16", (40, 8), [(1, 330)], (128, 128), "",
             f"q=64,warps=4,kv=32,{in_groups(OVERLAPPED_WIDE, 8)}"),
]

FUNCTIONS = {"sm_80": SM_80, "sm_90a": SM_90A}
GRADIENTS = {"sm_80": GRADIENTS_80, "sm_90a": GRADIENTS_90A}
