#===- calls.py - Functions for processors, and calls of them ---------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""The configurations of the random campaign on processors.

Compiling takes longer than a call, so each function is called several times: with
other lengths, batches and heads where its types leave them open, other values, and
arrays that lie in memory in other ways. Cards are dealt as in generator.py.
"""

import dataclasses
import random
from typing import Optional

import numpy as np

from attn_testing import generator, programs, rope
from attn_testing.case import Case
from attn_testing.language import Program

TARGETS = ["host", "x86-64-v3", "x86-64-v4", "host"]
CALLS = 6
# Every so many-th function computes rotary positions.
ROPE_PERIOD = 13

DECKS = {
    "target": TARGETS,
    # Rows, heads and batches one after the other; with gaps; in another order.
    "arrangement": ["dense", "spread", "permuted", "dense", "spread"],
    "side": ["begin", "end"],  # where the guard is that arrays touch
    "threads": [1, 2, 2, 3, 4, 16],
}


@dataclasses.dataclass
class Call:
    case: Optional[Case]  # with the sizes of this call; None: of a rope
    arrangement: str
    side: str
    threads: int
    values: str
    seed: int
    program: Optional[Program] = None  # of the case, with scores and masks


@dataclasses.dataclass
class Function:
    target: str
    case: Optional[Case]
    rope: Optional[dict]
    guard: str  # of scratch and workspace: "", "begin", "end"
    calls: list
    program: Optional[Program] = None

    def mlir(self):
        return (rope.module(self.rope) if self.rope
                else (self.program or self.case).mlir())


class Dealer(programs.Dealer):
    def __init__(self, seed):
        super().__init__(seed, "processor")
        self.decks.update(DECKS)
        self.hands.update((name, []) for name in DECKS)


def redrawn(dealer, case):
    """The case with other sizes, where types leave them open everywhere."""
    rng = dealer.rng
    batch, heads, (sq, sk) = case.batch, case.heads, case.lengths

    def is_open(*dims):
        return case.dynamic.issuperset(dims)

    if is_open("qb", "kb", "vb"):
        batch = dealer.deal("batch")
    if is_open("qh", "kh", "vh"):
        heads = dealer.deal("heads")
    if is_open("qs"):
        sq = generator.draw_length(rng, dealer.deal("sq"))
    if is_open("ks", "vs"):
        sk = generator.draw_length(rng, dealer.deal("sk"))
    most = generator.MAX_FLOPS["processor"]
    batch_less, heads_less = generator.shrink(most, batch, heads, (sq, sk),
                                              case.dims)
    if is_open("qb", "kb", "vb"):
        batch = batch_less
    if is_open("qh", "kh", "vh"):
        heads = heads_less
    return dataclasses.replace(case, batch=batch, heads=heads, lengths=(sq, sk))


def draw_call(dealer, case):
    return Call(case, dealer.deal("arrangement"), dealer.deal("side"),
                dealer.deal("threads"), dealer.deal("values"),
                int(dealer.rng.integers(2**31)))


def draw_rope(dealer):
    drawn = random.Random(int(dealer.rng.integers(2**31)))
    return Function(dealer.deal("target"), None,
                    rope.draw(drawn, ("f32", "f16", "bf16")), "end",
                    [draw_call(dealer, None) for _ in range(CALLS)])


def draw_sdpa(dealer, number):
    case = generator.draw(dealer).case
    cases = [case] + [redrawn(dealer, case) for _ in range(CALLS - 1)]
    return Function(dealer.deal("target"), case, None,
                    ["", "begin", "end"][number % 3],
                    [draw_call(dealer, case) for case in cases])


def draw_program(dealer, number):
    """Scores and masks of any form."""
    program = programs.draw(dealer)
    cases = [program.case] + [redrawn(dealer, program.case)
                              for _ in range(CALLS - 1)]
    made = []
    for case in cases:
        call = draw_call(dealer, case)
        call.program = dataclasses.replace(program, case=case)
        made.append(call)
    return Function(dealer.deal("target"), program.case, None,
                    ["", "begin", "end"][number % 3], made, program)


def draw(dealer, number, language=False):
    if language:
        return draw_program(dealer, number)
    if number % ROPE_PERIOD == ROPE_PERIOD - 1:
        return draw_rope(dealer)
    return draw_sdpa(dealer, number)


def function(seed, number, language=False):
    """`language` asks for scores and masks of any form."""
    dealer = Dealer(seed)
    for before in range(number):
        draw(dealer, before, language)
    return draw(dealer, number, language)
