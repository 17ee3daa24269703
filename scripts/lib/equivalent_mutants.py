#===- equivalent_mutants.py - Mutants that are no mistakes -------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Those that a person has shown to be right programs, each with the reason, where
mutants.py cannot show it. An entry names one place of one kernel of mutants.py; it
is stale, which is an error there, when the place is gone or its mutant is killed.
"""

import re
from typing import NamedTuple


class Equivalent(NamedTuple):
    kernel: str
    rule: str
    instruction: str  # registers without numbers
    ordinal: int  # among the kernel's sites of this rule and instruction, from 0
    reason: str


# Kernels that read Q inside the loop and go around it where there are no tiles.
READ_Q_IN_LOOP = ["causal64", "empty_rows", "latent", "open64", "window40"]

# Kernels whose CTAs take one tile of queries, with the barrier that says that its
# slot is free.
ONE_TILE = {"tma64": 32840, "tma128": 65608, "tma_latent": 90184}

EQUIVALENT = [
    Equivalent(
        kernel, rule, instruction, 0,
        "The first wait, or the commit of Q, which it waits for. Whoever enters the "
        "loop comes by its wait_group 0 and a barrier before anything is read. "
        "Whoever goes around it reads nothing that was copied, and puts its tile "
        "of results where keys and values would lie, not where Q does.")
    for kernel in READ_Q_IN_LOOP
    for rule, instruction in (("commit dropped", "cp.async.commit_group;"),
                              ("wait dropped", "cp.async.wait_group 1;"),
                              ("wait weakened", "cp.async.wait_group 1;"))
] + [
    Equivalent(
        "plain32", rule, "bar.sync 0;", 2,
        "The barrier before results are put into the first of two slots of V. "
        "There are four tiles, so the last one is in the other slot, and "
        "whoever read the first slot has come by the barrier of the last tile.")
    for rule in ("barrier dropped", "barrier weakened")
] + [
    Equivalent(
        "causal80x3", "barrier weakened", "bar.sync 0;", 0,
        "Between this barrier and the next one, shared memory is only read, and "
        "what a warp reads are rows of Q that its own lanes copied: two warps, "
        "of which each copies the 16 rows that it multiplies. bar.warp.sync is "
        "what that needs."),
    Equivalent(
        "causal80x3", "barrier weakened", "bar.sync 0;", 4,
        "The barrier between putting results into shared memory and taking them "
        "out. 64 threads take 32 rows at a time, two for each, so a warp takes "
        "the 16 rows that its own lanes put. bar.warp.sync is what that needs."),
] + [
    Equivalent(
        kernel, rule, instruction.format(barrier), ordinal,
        "Nobody comes to need the slot again: the wait of the first tile passes "
        "at once, whatever the barrier counts to.")
    for kernel, barrier in ONE_TILE.items()
    for rule, instruction, ordinal in (
        ("count of arrivals changed",
         "mbarrier.init.shared.b64 [attn_shared+{}], %r;", 0),
        ("count of arrivals changed",
         "mbarrier.init.shared.b64 [attn_shared+{}], %r;", 1),
        ("mbarrier wait dropped", "mbarrier.try_wait.parity.shared.b64 %p, "
         "[attn_shared+{}], %r;", 0))
] + [
    Equivalent(
        kernel, "wgmma.fence dropped", "wgmma.fence.sync.aligned;", 2,
        "Before scores are multiplied in the loop with masks. Here every tile of "
        "queries has steps without masks before that, and who reads the scores "
        "of a step does so before the fence of its second product.")
    for kernel in ("tma64", "resident64", "resident128", "tma_latent",
                   "resident256")
]


def shape_of(instruction):
    """The instruction without what register allocation makes of it."""
    return " ".join(re.sub(r"%([a-z]+)\d+", r"%\1", instruction).split())


def site_of(entry, sites):
    """The site that an entry means; None where it is gone."""
    same = [site for site in sites if site.rule == entry.rule and
            shape_of(site.before) == entry.instruction]
    return same[entry.ordinal] if entry.ordinal < len(same) else None