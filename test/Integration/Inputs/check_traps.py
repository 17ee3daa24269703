#===- check_traps.py - What implementations of attention got wrong ---------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Holds a target against mistakes that implementations of attention have made.

Usage: check_traps.py BIN DIRECTORY TARGET SHARE

Each trap is a function and what must hold of its results, besides what numpy and
the package's judge say. All functions are one package. Of a SHARE of 3, each target
has another third of the traps. Prints a line a trap.
"""

import dataclasses
import os
import pathlib
import subprocess
import sys
from typing import Callable, Tuple

import numpy as np

from attn_testing import language, oracle, philox
from attn_testing.case import Case
from attn_testing.expressions import (B, I, J, Tensor, capture, constant,
                                      negation)
from attn_testing.language import Program

OPEN = frozenset(operand + dim for operand in "qkv" for dim in "bhs")
ROPE = "tensor<?x4x?x64xbf16>"


@dataclasses.dataclass
class Trap:
    name: str  # of the function
    guards: str
    text: str
    arguments: Tuple[str, ...]
    results: Tuple[str, ...]
    check: Callable  # of what calls the function


def trap(name, guards, program, check):
    return Trap(name, guards, program.mlir(name),
                ("q", "k", "v", *[t.name for t in program.tensors()]),
                program.case.results, check)


def values_of(program):
    return program.values(np.random.default_rng(1))


def expect(holds, what):
    assert holds, what


def expect_right(program, values, results, product=np.matmul):
    """What numpy says of O and LSE."""
    exact = language.attention(program, values, exact=True, product=product)
    naive = language.attention(program, values, exact=False, product=product)
    for x in program.case.results:
        wrong = oracle.judge(program.case, x, results[x], exact[x], naive[x])
        expect(not wrong, wrong)


def expect_same(results, others, what, entries=slice(None)):
    """Bit by bit."""
    for x, result in results.items():
        expect(np.array_equal(result[entries], others[x]), f"{what}: {x} differs")


#===------------------------------------------------------------------------===#
# The traps
#===------------------------------------------------------------------------===#


def first_tile_masked():
    """A row's maximum is -inf behind a tile of which it keeps nothing, and -inf
    less -inf is NaN."""
    window = Program(Case(lengths=(260, 260), causal="top_left", window=(20, 0),
                          dynamic=OPEN))

    def check_window(call):
        values = values_of(window)
        results = call(values)
        expect(np.isfinite(results["o"]).all(), "O is not finite")
        expect_right(window, values, results)

    yield trap("window", "NaN where a row keeps nothing of its first tile", window,
               check_window)

    mask = Program(Case(lengths=(150, 260), dynamic=OPEN),
                   mask=Tensor("m", "i1", (1, 1, "i", "j")))

    def check_mask(call):
        values = values_of(mask)
        i, j = np.ogrid[:150, :260]
        # Of a tile of queries, one row keeps the first keys, and one the last.
        values["m"] = (j >= (i * 37) % 250)[None, None]
        results = call(values)
        expect(np.isfinite(results["o"]).all(), "O is not finite")
        expect_right(mask, values, results)

    yield trap("listed", "NaN where a row keeps nothing of its first listed tile",
               mask, check_mask)


def masks_by_arithmetic():
    """0 times -inf is NaN: what is masked has to be selected away."""
    program = Program(Case(lengths=(90, 200), dynamic=OPEN),
                      bias=Tensor("t", "f16", (1, "h", "i", "j")),
                      mask=Tensor("m", "i1", ("b", 1, 1, "j")))

    def check(call):
        values = values_of(program)
        values["m"][...] = np.arange(200) < 130
        values["t"][..., ::3] = -np.inf  # Some of them are masked, too.
        values["k"][..., 130:150, 0] = np.inf
        values["k"][..., 150:160, 0] = np.nan
        values["v"][..., 160:, :] = np.nan
        values["v"][..., 140:150, :] = -np.inf
        results = call(values)
        expect(np.isfinite(results["o"]).all(), "O is not finite")
        expect_right(program, values, results)

    yield trap("select", "0 * inf where a mask is built by arithmetic", program,
               check)


def alibi_twice():
    """As slopes and again as a bias: the bias alone says what is right."""
    case = Case(heads=(4, 4), lengths=(120, 170), causal="bottom_right",
                dynamic=OPEN)
    alibi = Program(case, alibi=Tensor("slopes", "f32", ("h",)))
    bias = Program(case, bias=Tensor("t", "f32", (1, "h", "i", "j")))

    def check(call):
        values = values_of(alibi)
        slopes = 2.0 ** -np.arange(1, 5)
        values["slopes"] = slopes.astype(np.float32)
        distance = np.abs(np.arange(120)[:, None] + 50 - np.arange(170))
        table = (-slopes[:, None, None] * distance)[None].astype(np.float32)
        expect_right(bias, {**values, "t": table}, call(values))

    yield trap("alibi", "linear biases that are added twice", alibi, check)


def grouped_heads():
    """Keys reshaped by the number of query heads: key heads are repeated, each
    for neighbouring query heads."""
    repeated = Program(Case(heads=(8, 8), lengths=(40, 90), dynamic=OPEN))
    for name, key_heads in (("grouped", 2), ("multi_query", 1)):
        program = Program(Case(heads=(8, key_heads), lengths=(40, 90)))

        def check(call, program=program, group=8 // key_heads):
            values = values_of(program)
            alike = {x: np.repeat(values[x], group, axis=1) for x in "kv"}
            expect_right(repeated, {**values, **alike}, call(values))

        yield trap(name, "keys that are dealt out to other query heads", program,
                   check)


def rope_along_batch():
    text = (f"func.func @rope(%q: {ROPE}, %k: {ROPE}, %v: {ROPE}) -> {ROPE} {{\n"
            f"  %a = attn.rope %q : {ROPE}\n  %b = attn.rope %k : {ROPE}\n"
            f"  %o = attn.sdpa %a, %b, %v causal(top_left) : ({ROPE}, {ROPE}, "
            f"{ROPE}) -> {ROPE}\n  return %o : {ROPE}\n}}\n")

    def check(call):
        rng = np.random.default_rng(1)
        values = {x: oracle.round_to("bf16", rng.standard_normal((3, 4, 50, 64)))
                  for x in "qkv"}
        order = [2, 0, 1]
        results = call(values)
        moved = call({x: value[order] for x, value in values.items()})
        expect_same(results, moved, "entries in another order", order)
        # Rows do have places.
        behind = call({x: value[:, :, ::-1] for x, value in values.items()})
        expect(not np.array_equal(results["o"], behind["o"][:, :, ::-1]),
               "positions say nothing")

    yield Trap("rope", "positions that run along the batch", text,
               ("q", "k", "v"), ("o",), check)


def narrow_sums():
    """Sums of 65536 terms in bf16 would stand still at 256 of them."""
    keys = 65536
    program = Program(Case(heads=(2, 1), lengths=(3, keys), dynamic=OPEN))

    def check(call):
        values = values_of(program)
        expect_right(program, values, call(values), oracle.in_order)
        values["q"][...] = 0
        values["v"][...] = oracle.round_to("bf16", np.float32(0.01))
        results = call(values)
        expect((results["o"] == values["v"][0, 0, 0, 0]).all(),
               f"a mean of equal values is {results['o'].ravel()[0]}")
        expect(np.abs(results["lse"] - np.log(keys)).max() < 1e-5,
               f"l is not the number of keys: {results['lse']}")

    yield trap("long", "sums in 16 bits, over 65536 keys", program, check)


def folded_batch():
    """An entry of the batch must not see another one, nor its masks."""
    program = Program(
        Case(batch=3, lengths=(70, 130), causal="top_left", dynamic=OPEN),
        prefix=Tensor("n", "i32", ("b",)),
        documents=(Tensor("qd", "i32", ("b", "i")), Tensor("kd", "i32", ("b", "j"))),
        mask=Tensor("m", "i1", ("b", 1, 1, "j")),
        bias=Tensor("t", "f16", ("b", 1, 1, "j")))

    def check(call):
        values, others = (program.values(np.random.default_rng(seed))
                          for seed in (1, 2))
        for drawn in (values, others):
            drawn["n"][:] = [5, 90, 40]
        results = call(values)
        expect_right(program, values, results)
        mixed = {x: np.array(value) for x, value in values.items()}
        for x, value in others.items():
            mixed[x][1] = value[1]
        mixed["n"][1] = 7
        changed = call(mixed)
        for entry in (0, 2):
            expect_same(changed, {x: r[entry] for x, r in results.items()},
                        f"entry {entry} beside another one", entry)
        alone = call({x: value[1:2] for x, value in values.items()})
        expect_same(alone, {x: r[1:2] for x, r in results.items()},
                    "entry 1 alone")

    yield trap("batch", "a batch that is folded into the sequence", program, check)


def polarity():
    """True keeps."""
    case = Case(batch=2, lengths=(60, 110), dynamic=OPEN)
    tensor = Tensor("m", "i1", ("b", 1, "i", "j"))
    clause = Program(case, mask=tensor)
    region = Program(case, keep=negation(capture(tensor, B, constant(0), I, J)))

    def check(call, is_negated=False):
        values = values_of(clause)
        only = (np.arange(60) * 7 + 3) % 110
        values["m"][...] = (np.arange(110) == only[:, None]) != is_negated
        results = call(values)
        kept = np.repeat(values["v"], 2, axis=1)[:, :, only]
        expect(np.array_equal(results["o"], kept), "O is not the kept key's value")
        values["m"][...] = is_negated
        results = call(values)
        expect((results["o"] == 0).all() and (results["lse"] == -np.inf).all(),
               "a row without keys is not empty")
        values["m"][...] = not is_negated
        expect_right(Program(case), values, call(values))

    yield trap("one_hot", "a mask that drops what it should keep", clause, check)
    yield trap("negated", "the same of a region", region,
               lambda call: check(call, is_negated=True))


def different_lengths():
    """With scores of 0, l is the number of kept keys."""
    for alignment in ("top_left", "bottom_right"):
        program = Program(Case(lengths=(1, 1), causal=alignment, dynamic=OPEN))

        def check(call, program=program, alignment=alignment):
            for sq, sk in ((70, 200), (200, 70), (1, 150), (150, 1), (64, 65)):
                case = dataclasses.replace(program.case, lengths=(sq, sk))
                this = dataclasses.replace(program, case=case)
                values = values_of(this)
                expect_right(this, values, call(values))
                values["q"][...] = 0
                shift = sk - sq if alignment == "bottom_right" else 0
                kept = np.clip(np.arange(sq) + shift + 1, 0, sk)
                counted = np.exp(call(values)["lse"])
                expect(np.allclose(counted, kept, rtol=1e-5, atol=0),
                       f"{sq} queries, {sk} keys: kept {counted[0, 0]}")

        yield trap(alignment, "causal masks that want as many queries as keys",
                   program, check)


def one_maximum():
    """A maximum of all rows leaves nothing of those whose scores are far lower,
    and a scale that is not read makes other weights."""
    program = Program(Case(lengths=(130, 130), scale=0.5, dynamic=OPEN))

    def check(call):
        values = values_of(program)
        values["q"][:, :, ::2] *= 64
        values["k"][..., 0] = 8
        values["q"][..., 0] = np.where(np.arange(130) % 2, -8, 64)
        results = call(values)
        expect((results["lse"] != -np.inf).all(), "a row has lost its keys")
        expect_right(program, values, results)

    yield trap("maximum", "one maximum for all rows, a scale that is not read",
               program, check)


def left_by(call, program, values):
    """Which weights a call leaves, [B, Hq, Sq, Sk]: those of equal keys, each
    seen in a column of its own."""
    case = program.case
    keys, columns = case.lengths[1], case.dims[1]
    values["q"][...] = 0
    parts = []
    for first in range(0, keys, columns):
        behind = min(first + columns, keys)
        values["v"][...] = 0
        values["v"][..., range(first, behind), range(behind - first)] = 1
        results = call(values)
        expect(np.allclose(results["lse"], np.log(keys), rtol=1e-5, atol=0),
               "the LSE has not all weights")
        parts.append(results["o"][..., :behind - first])
    drawn = np.concatenate(parts, axis=-1)
    factor = philox.factor(program.dropout)
    expect(np.isclose(drawn[drawn > 0], factor / keys, rtol=2**-8).all(),
           f"weights are not {factor} / {keys}")
    return drawn > 0


def bits_of_dropout():
    """One call leaves weights of which another one knows."""
    open_sizes = Program(Case(batch=2, heads=(4, 2), lengths=(70, 150),
                              dynamic=OPEN), dropout=0.3)
    split = Program(Case(heads=(8, 2), lengths=(1, 700), dims=(64, 256)),
                    dropout=0.5)
    for name, program in (("bits", open_sizes), ("split_bits", split)):

        def check(call, program=program):
            case = program.case
            for seed, offset in ((0, 0), (-3, 2**40 + 5)):
                values = values_of(program)
                values["seed"][()], values["offset"][()] = seed, offset
                drawn = left_by(call, program, values)
                for b, h in np.ndindex(case.batch, case.heads[0]):
                    known = philox.left(program.dropout, seed, offset, b, h,
                                        *case.lengths)
                    expect(np.array_equal(drawn[b, h], known),
                           f"head {h} of entry {b} draws other bits")

        yield trap(name, "bits that depend on tiles, splits or the order of heads",
                   program, check)


def mean_of_dropout():
    """Many masks, of the entries of a batch that is the same otherwise."""
    case = Case(batch=64, heads=(2, 1), lengths=(16, 96), results=("o",),
                dynamic=OPEN)
    program = Program(case, dropout=0.25)

    def check(call):
        values = values_of(program)
        for x in "qkv":
            values[x][1:] = values[x][:1]
        plain = language.attention(Program(case), values, exact=True)["o"][0]
        means = []
        for seed in range(4):
            values["seed"][()] = seed
            means.append(call(values)["o"])
        drawn = np.concatenate(means)
        deviation = drawn.std(axis=0) / np.sqrt(len(drawn))
        expect(drawn.std(axis=0).min() > 0, "entries draw the same")
        off = np.abs(drawn.mean(axis=0) - plain) / deviation
        expect(off.max() < 5, f"the mean is off by {off.max()} deviations")
        expect(0.8 < np.sqrt((off**2).mean()) < 1.2,
               f"means are off by {np.sqrt((off**2).mean())} deviations")

    yield trap("mean", "a mean that dropout changes", program, check)


def dropped_values():
    """A weight that is dropped is 0, and 0 times infinity is NaN; a key that is
    masked is not there, and another one's weight is still dropped."""
    program = Program(Case(heads=(4, 2), lengths=(90, 130), causal="top_left",
                           dynamic=OPEN), dropout=0.5)

    def check(call):
        values = values_of(program)
        values["v"][..., 60:, 0] = np.inf
        values["v"][..., 100:, 1] = np.nan
        results = call(values)
        expect(np.isfinite(results["o"][..., :60, :]).all(), "masked values count")
        kept = np.arange(90)[:, None] >= np.arange(60, 130)
        for h in range(4):
            left = philox.left(0.5, values["seed"], values["offset"], 0, h, 90,
                               130)[:, 60:]
            wants_nan = (kept & ~left).any(axis=1)
            expect(np.array_equal(np.isnan(results["o"][0, h, :, 0]), wants_nan),
                   "0 * inf is not NaN where a key is kept and dropped")
        finite = {**values, "v": np.where(np.isfinite(values["v"]), values["v"],
                                          np.float32(0))}
        exact, rough = (language.attention(program, finite, exact)["o"]
                        for exact in (True, False))
        for part in (np.s_[..., :60, :], np.s_[..., 2:]):
            wrong = oracle.judge(program.case, "o", results["o"][part],
                                 exact[part], rough[part])
            expect(not wrong, wrong)

    yield trap("dropped", "dropped values that count, or masked ones", program,
               check)


#===------------------------------------------------------------------------===#
# Running them
#===------------------------------------------------------------------------===#


class Runner:
    """Calls functions of the package by attn-run, which judges them, too."""

    def __init__(self, binaries, directory, target):
        self.binaries, self.directory = pathlib.Path(binaries), directory
        self.target = target
        self.device = "sim" if target.startswith("sm_") else "host"

    def tool(self, name, *arguments):
        # What the simulator runs is PTX, so nothing is assembled.
        run = subprocess.run([self.binaries / name, *arguments],
                             env={**os.environ, "ATTN_PTXAS": ""},
                             capture_output=True, text=True, check=False)
        expect(run.returncode == 0, run.stdout + run.stderr)

    def compile(self, traps):
        source = self.directory / "traps.mlir"
        source.write_text("\n".join(trap.text for trap in traps))
        self.tool("attn-compile", source, f"--target={self.target}", "-o",
                  self.directory / "traps.so")

    def call(self, trap, values):
        command = [self.directory / "traps.so", f"--function={trap.name}",
                   f"--device={self.device}"]
        for number, x in enumerate(trap.arguments):
            path = self.directory / f"{x}.npy"
            np.save(path, np.ascontiguousarray(values[x]))
            command.append(f"--arg={number}={path}")
        made = [self.directory / f"{x}.npy" for x in trap.results]
        command += [f"--result={n}={path}" for n, path in enumerate(made)]
        self.tool("attn-run", *command)
        return {x: np.load(path) for x, path in zip(trap.results, made)}


TARGETS = ["sm_80", "sm_90a", "host"]
SOURCES = [first_tile_masked, masks_by_arithmetic, alibi_twice, grouped_heads,
           rope_along_batch, narrow_sums, folded_batch, polarity,
           different_lengths, one_maximum, bits_of_dropout, mean_of_dropout,
           dropped_values]


def main():
    binaries, directory, target, share = sys.argv[1:]
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    runner = Runner(binaries, directory, target)
    everything = [trap for source in SOURCES for trap in source()]
    traps = everything[TARGETS.index(target) % int(share)::int(share)]
    runner.compile(traps)
    failed = 0
    for trap in traps:
        try:
            trap.check(lambda values, trap=trap: runner.call(trap, values))
            print(f"avoids {trap.guards} (@{trap.name})")
        except AssertionError as error:
            failed += 1
            print(f"{target}: {trap.guards} (@{trap.name}): {error}")
    print(f"{len(traps) - failed} of {len(traps)} traps avoided")
    return 1 if failed else 0


sys.exit(main())
