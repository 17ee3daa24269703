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


EQUIVALENT = [
    Equivalent(
        "causal80x3", "barrier weakened", "bar.sync 0;", 0,
        "Between this barrier and the next one, shared memory is only read, and "
        "what a warp reads are rows of Q that its own lanes copied: two warps, "
        "of which each copies the 16 rows that it multiplies. bar.warp.sync is "
        "what that needs."),
]


def shape_of(instruction):
    """The instruction without what register allocation makes of it."""
    return " ".join(re.sub(r"%([a-z]+)\d+", r"%\1", instruction).split())


def site_of(entry, sites):
    """The site that an entry means; None where it is gone."""
    same = [site for site in sites if site.rule == entry.rule and
            shape_of(site.before) == entry.instruction]
    return same[entry.ordinal] if entry.ordinal < len(same) else None
