#===- programs.py - Seeded random scores and masks -------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Random functions with the clauses and regions of docs/AttnSpec.md.

    program = programs.program(seed, number, "processor")     # see language.py

draws a target's sizes as generator.py does, and one of four kinds: clauses of
scores and of masks; clauses with a score region behind them; both regions; a
keep region alone. Cards are dealt, so that 40 programs have every clause.

Predicates compare integers and captured numbers only, never computed floats:
where those are rounded is no fault. Indices that are computed from captured
numbers may be outside; all others are inside of their tensors.

    python -m attn_testing.programs [--seed N] [--count N] [--print] [--opt PATH]

holds the rounded attention against the exact one for many programs, and with
`--opt` asks attn-opt to read and expand each.
"""

import argparse
import dataclasses
import subprocess
import sys

import numpy as np

from attn_testing import generator, language, oracle
from attn_testing import expressions as e
from attn_testing.expressions import Tensor
from attn_testing.language import Program, RelativeBias

DECKS = {
    "kind": ["clauses", "clauses", "mixed", "regions", "regions", "keep"],
    "score_clauses": [
        ("softcap",), ("alibi",), ("relative_bias",), ("bias",), ("sinks",),
        ("softcap", "sinks"), ("alibi", "bias"), (), (),
        ("softcap", "alibi", "relative_bias", "bias", "sinks")],
    "mask_clauses": [
        (), ("prefix",), ("prefix_lengths",), ("chunked",), ("documents",),
        ("mask",), ("prefix", "documents"), ("chunked", "mask"),
        ("prefix_lengths", "chunked", "documents", "mask"), ()],
    "floats": ["f32", "f16", "bf16", "f32"],
    "integers": ["i32", "i8", "i32"],
    "broadcast": [(), (0,), (0, 1), (1,), (2,), (3,), (0, 1, 2), (0, 1, 2, 3)],
    "buckets": [(4, None), (8, 20), (16, 64), (32, None), (32, 128)],
    "bidirectional": [False, True],
    "cap": [1.0, 20.0, 50.0, 0.5],
    "depth": [1, 1, 2, 2, 3],
    "steps": [1, 2, 2, 3],
    "dropout": [None, 0.1, None, 0.5, None, 0.9, None, 2.0**-17],
}


class Dealer(generator.Dealer):
    def __init__(self, seed, target):
        super().__init__(np.random.default_rng(seed), target)
        self.decks.update(DECKS)
        self.hands.update((name, []) for name in DECKS)

    def below(self, most):
        return int(self.rng.integers(0, most))

    def choose(self, options):
        return options[self.below(len(options))]


#===------------------------------------------------------------------------===#
# Regions
#===------------------------------------------------------------------------===#


class Drawer:
    """Draws the expressions of one program and the tensors that they read."""

    def __init__(self, dealer, lengths):
        self.dealer, self.lengths = dealer, lengths
        self.count = 0

    def tensor(self, element, *dims):
        self.count += 1
        return Tensor(f"t{self.count}", element, dims)

    def read(self, element, letters):
        """An element of a new tensor, by these of the arguments."""
        arguments = {"b": e.B, "h": e.H, "i": e.I, "j": e.J}
        return e.capture(self.tensor(element, *letters),
                         *[arguments[x] for x in letters])

    def length(self):
        """A distance or a place that matters for these lengths."""
        return self.dealer.below(max(*self.lengths, 1) + 2)

    # Predicates: of places, of batch entries and heads, of captured numbers.

    def causal(self):
        shift = e.constant(self.dealer.below(9) - 4)
        return e.compare("sle", e.J, e.binary("arith.addi", e.I, shift))

    def aligned(self):
        p = e.binary("arith.addi", e.I, e.binary("arith.subi", e.SK, e.SQ))
        return e.compare("sle", e.J, p)

    def near(self):
        least = e.binary("arith.subi", e.I, e.constant(self.length()))
        return e.compare("sge", e.J, least)

    def before(self):
        return e.compare(self.dealer.choose(["slt", "sge"]), e.J,
                         e.constant(self.length()))

    def chunk(self):
        size = e.constant(1 + self.dealer.below(40))
        return e.compare("eq", *[e.binary("arith.divui", x, size)
                                 for x in (e.I, e.J)])

    def stride(self):
        size = 2 + self.dealer.below(5)
        rest = e.binary("arith.remui", e.binary("arith.addi", e.I, e.J),
                        e.constant(size))
        return e.compare("ne", rest, e.constant(self.dealer.below(size)))

    def some_heads(self):
        return e.compare("slt", self.dealer.choose([e.H, e.B]), e.constant(1))

    def documents(self):
        element = self.dealer.deal("integers")
        return e.compare("eq", self.read(element, "bi"),
                         self.read(element, "bj"))

    def captured_window(self):
        reach = e.as_index(self.read("i32", self.dealer.choose(["h", "b", ""])))
        reach = e.binary("arith.muli", reach, e.constant(9))
        return e.compare("sge", e.J, e.binary("arith.subi", e.I, reach))

    def captured_prefix(self):
        letters = self.dealer.choose(["b", "bh", "i", "bi"])
        first = e.as_index(self.read(self.dealer.deal("integers"), letters))
        first = e.binary("arith.muli", first, e.constant(7))
        return e.compare("slt", e.J, first)

    def captured_mask(self):
        return self.read("i1", self.dealer.choose(["bj", "ij", "bhij", "j",
                                                   "h"]))

    def captured_float(self):
        element = self.dealer.deal("floats")
        value = e.as_float(self.read(element, self.dealer.choose(["j", "bj",
                                                                  "hi"])))
        return e.compare("ogt", value, e.constant(-0.75, "f32"))

    def block_mask(self):
        """Blocks of keys that blocks of queries keep, as a list of blocks."""
        size = e.constant(16)
        blocks = self.tensor("i1", 24, 24)
        places = [e.binary("arith.minsi", e.binary("arith.divui", x, size),
                           e.constant(23)) for x in (e.I, e.J)]
        return e.capture(blocks, *places)

    def predicate(self, depth):
        if depth == 0:
            atom = self.dealer.choose([
                self.causal, self.causal, self.aligned, self.near, self.before,
                self.chunk, self.stride, self.some_heads, self.documents,
                self.captured_window, self.captured_prefix, self.captured_mask,
                self.captured_float, self.block_mask])
            return atom()
        form = self.dealer.choose(["and", "and", "or", "or", "not", "xor",
                                   "select"])
        one = self.predicate(depth - 1)
        if form == "not":
            return e.negation(one)
        two = self.predicate(self.dealer.below(depth))
        if form == "select":
            return e.select(self.predicate(0), one, two)
        return e.binary(f"arith.{form}i", one, two)

    # Steps of scores. All values stay small enough for f32 exponentials.

    def add_captured(self, s):
        letters = self.dealer.choose(["", "h", "bh", "hi", "j", "ij", "hij",
                                      "bhij"])
        value = self.read(self.dealer.deal("floats"), letters)
        return e.binary("arith.addf", s, e.as_float(value))

    def multiply(self, s):
        value = self.read(self.dealer.deal("floats"),
                          self.dealer.choose(["", "h", "bi"]))
        return e.binary("arith.mulf", s, e.as_float(value))

    def cap(self, s):
        most = self.dealer.deal("cap")
        part = e.binary("arith.mulf", s, e.constant(1 / most, "f32"))
        return e.binary("arith.mulf", e.unary("math.tanh", part),
                        e.constant(most, "f32"))

    def distance(self):
        return e.unary("math.absf",
                       e.as_float(e.binary("arith.subi", e.I, e.J)))

    def fade(self, s):
        rate = e.constant(-0.05, "f32")
        faded = e.unary("math.exp",
                        e.binary("arith.mulf", self.distance(), rate))
        return e.binary("arith.addf", s, faded)

    def slope(self, s):
        slope = e.as_float(self.read(self.dealer.deal("floats"), "h"))
        slope = e.binary("arith.mulf", slope, e.constant(0.125, "f32"))
        return e.binary("arith.subf", s,
                        e.binary("arith.mulf", self.distance(), slope))

    def choose_by(self, s):
        other = e.binary("arith.mulf", s, e.constant(-0.5, "f32"))
        return e.select(self.predicate(0), s, other)

    def limit(self, s):
        op = self.dealer.choose(["arith.minimumf", "arith.maximumf"])
        return e.binary(op, s, e.constant(self.dealer.below(5) - 2, "f32"))

    def look_up(self, s):
        """A table of distances, at an index that is always inside."""
        middle = 1 + self.dealer.below(9)
        place = e.binary("arith.subi", e.J, e.I)
        place = e.binary("arith.maxsi", place, e.constant(-middle))
        place = e.binary("arith.minsi", place, e.constant(middle))
        place = e.binary("arith.addi", place, e.constant(middle))
        table = self.tensor(self.dealer.deal("floats"), 2 * middle + 1, "h")
        return e.binary("arith.addf", s,
                        e.as_float(e.capture(table, place, e.H)))

    def look_up_by_data(self, s):
        """A table at places that a tensor holds, some of them outside."""
        place = e.as_index(self.read(self.dealer.deal("integers"),
                                     self.dealer.choose(["bj", "i", "h"])))
        table = self.tensor(self.dealer.deal("floats"), 4)
        return e.binary("arith.addf", s, e.as_float(e.capture(table, place)))

    def count_in(self, s):
        """Integers and truths as numbers."""
        value = self.read(self.dealer.choose(["i1", "i8", "i32"]),
                          self.dealer.choose(["j", "bi", ""]))
        part = e.binary("arith.mulf", e.as_float(value),
                        e.constant(0.25, "f32"))
        return e.binary("arith.subf", s, part)

    def exclude(self, s):
        """A mask that is written as a score of minus infinity."""
        return e.select(self.predicate(0), s, e.constant(-np.inf, "f32"))

    def score(self, steps, may_exclude):
        s = e.SCORE
        options = [self.add_captured, self.add_captured, self.multiply,
                   self.cap, self.fade, self.slope, self.choose_by, self.limit,
                   self.look_up, self.look_up_by_data, self.count_in]
        for _ in range(steps):
            s = self.dealer.choose(options)(s)
        if may_exclude and self.dealer.below(8) == 0:
            s = self.exclude(s)
        return s


#===------------------------------------------------------------------------===#
# Clauses
#===------------------------------------------------------------------------===#


def rank_four(dealer, name, element):
    ones = dealer.deal("broadcast")
    return Tensor(name, element,
                  tuple(1 if n in ones else x for n, x in enumerate("bhij")))


def draw_score_clauses(dealer, program):
    floats = dealer.deal("floats")
    for word in dealer.deal("score_clauses"):
        if word == "softcap":
            program.softcap = dealer.deal("cap")
        elif word == "relative_bias":
            size, most = dealer.deal("buckets")
            program.relative_bias = RelativeBias(
                Tensor("table", floats, (size, "h")), most,
                dealer.deal("bidirectional"))
        elif word == "bias":
            program.bias = rank_four(dealer, "bias", dealer.deal("floats"))
        else:
            setattr(program, word, Tensor(word, floats, ("h",)))


def draw_mask_clauses(dealer, program):
    for word in dealer.deal("mask_clauses"):
        if word == "prefix":
            program.prefix = dealer.below(max(program.case.lengths[1], 1) + 3)
        elif word == "prefix_lengths":
            program.prefix = Tensor("prefix", "i32", ("b",))
        elif word == "chunked":
            program.chunked = 1 + dealer.below(80)
        elif word == "documents":
            program.documents = (Tensor("query_documents", "i32", ("b", "i")),
                                 Tensor("key_documents", "i32", ("b", "j")))
        else:
            program.mask = rank_four(dealer, "mask", "i1")


def without_far_offsets(case):
    """Positions that f32 numbers hold: distances are parts of scores."""
    if isinstance(case.causal, int) and abs(case.causal) > 2**20:
        return dataclasses.replace(case, causal=2**20 if case.causal > 0
                                   else -2**20)
    return case


def with_fitting_schedule(case):
    """A tile of several heads has one range of keys, and masks may have one for
    each head; overlap that the table would not choose may spill beside
    regions."""
    if case.schedule and ("heads=" in case.schedule
                          or "overlap=1" in case.schedule):
        return dataclasses.replace(case, schedule=None)
    return case


def draw(dealer):
    case = without_far_offsets(generator.draw(dealer).case)
    case = with_fitting_schedule(case)
    kind = dealer.deal("kind")
    if kind in ("regions", "keep"):
        case = dataclasses.replace(case, causal=None, window=None)
    program = Program(case)
    drawer = Drawer(dealer, case.lengths)
    if kind in ("clauses", "mixed"):
        draw_score_clauses(dealer, program)
        draw_mask_clauses(dealer, program)
    if kind in ("regions", "keep"):
        program.keep = drawer.predicate(dealer.deal("depth"))
    if kind in ("mixed", "regions"):
        program.score = drawer.score(dealer.deal("steps"),
                                     case.masked_row != "uniform")
    if kind == "regions" and dealer.below(4) == 0:
        program.sinks = Tensor("sinks", dealer.deal("floats"), ("h",))
    program.dropout = dealer.deal("dropout")
    if program.sinks:
        program.case = dataclasses.replace(program.case, masked_row="zero")
    return program


def program(seed, number, target="sm_80"):
    dealer = Dealer(seed, target)
    for _ in range(number):
        draw(dealer)
    return draw(dealer)


def configuration(seed, number, target="sm_80"):
    """As of generator.py, for the campaign on the simulator."""
    one = program(seed, number, target)
    rng = np.random.default_rng([seed, number])
    return generator.Configuration(
        one.case, ["arrays", "arrays", "seeded"][rng.integers(3)],
        ["normal", "normal", "small", "constant"][rng.integers(4)],
        int(rng.integers(2**31)), int(rng.integers(8)), one)


#===------------------------------------------------------------------------===#
# Self test
#===------------------------------------------------------------------------===#


def check(program, number):
    """What is wrong with the rounded attention, or an empty string."""
    values = program.values(np.random.default_rng(number))
    exact = language.attention(program, values, exact=True)
    rough = language.attention(program, values, exact=False,
                               product=oracle.in_order)
    rougher = language.attention(program, values, exact=False)
    for x in program.case.results:
        reason = oracle.judge(program.case, x, rougher[x], exact[x], rough[x])
        if reason:
            return reason
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--target", default="sm_80")
    parser.add_argument("--print", action="store_true")
    parser.add_argument("--opt", help="attn-opt, which has to take them all")
    args = parser.parse_args()
    dealer = Dealer(args.seed, args.target)
    drawn = [draw(dealer) for _ in range(args.count)]
    text = "".join(p.mlir(f"f{n}") for n, p in enumerate(drawn))
    if args.print:
        print(text)
    if args.opt:
        subprocess.run([args.opt, "-", "--attn-expand-scores",
                        "--attn-expand-masks", "-o", "/dev/null"], input=text,
                       text=True, check=True)
    failed = 0
    for number, one in enumerate(drawn):
        if reason := check(one, number):
            print(f"{args.seed}-{number}: {reason}\n{one.mlir()}")
            failed += 1
    print(f"{args.count - failed} programs agree with themselves")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
