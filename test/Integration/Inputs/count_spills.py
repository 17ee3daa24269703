#===- count_spills.py - No kernel spills -----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: count_spills.py DIRECTORY SET[,SET…] [TARGET [SCHEDULE]]
       SET: few, all, short, groups, some-clauses, clauses, regions, some-gradients,
            gradients or gradients-of-clauses; few/3 is each third of few, another
            third for each target

Compiles kernels down to machine code and prints those that spill, by the
compiler's own word. Few are all head dimensions with both masks and an LSE, which
have most to keep in registers; all have every mask, with and without an LSE, and
128 pairs of dimensions drawn by seed as well. Short are walks of two to four tiles
that types show, with and without a mask, of which no loop may be left, and walks
without a mask that types show to end within a tile. Groups are those of eight heads
and of four with all sizes known, whose heads may share tiles. Clauses are those of
docs/AttnSpec.md beyond `causal` and `window`, at three head dimensions, some at one
of the three each; regions are 50 random programs. Their schedules, and those of
gradients of clauses, may be relaxed, unlike all others'.
"""

import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
import random
import subprocess
import sys

from attn_testing import programs
from attn_testing.case import Case
from attn_testing.language import Program, RelativeBias, Tensor

ALL = frozenset(operand + dim for operand in "qkv" for dim in "bhs")
DIMS = range(8, 257, 8)
BOTH = {"causal": "bottom_right", "window": (100, 0)}
FLAGS = ["--target=" + (sys.argv[3] if len(sys.argv) > 3 else "sm_80")]
FLAGS += [f"--schedule={keys}" for keys in sys.argv[4:]]
MASKS = [{}, {"causal": "bottom_right"}, {"causal": "top_left"},
         {"window": (64, 64)}, {"window": (100, None)}, BOTH,
         {**BOTH, "masked_row": "uniform"}]


def few():
    for number, dim in enumerate(DIMS):
        yield Case(element=["bf16", "f16"][number % 2], dims=(dim, dim),
                   dynamic=ALL, **BOTH)


def everything():
    draw = random.Random(1)
    pairs = [(dim, dim) for dim in DIMS]
    pairs += [(draw.choice(DIMS), draw.choice(DIMS)) for _ in range(128)]
    for number, (dims, mask) in enumerate(itertools.product(pairs, MASKS)):
        # Of drawn pairs, each mask sees a part.
        if dims[0] != dims[1] and number % 4:
            continue
        for results in [("o",), ("o", "lse")]:
            yield Case(element=["bf16", "f16"][number % 2], dims=dims,
                       results=results, dynamic=ALL, **mask)


def short():
    for dims in [(64, 64), (128, 128), (192, 128), (192, 192), (256, 256)]:
        for keys in [200, 257, 400]:
            yield Case(dims=dims, lengths=(300, keys))
            yield Case(dims=dims, lengths=(300, keys), causal="top_left",
                       results=("o", "lse"))
    for dim in [16, 40, 64, 72, 80, 96, 112, 128, 192, 256]:
        for keys in [1000, 4096, 4100]:
            yield Case(heads=(8, 2), dims=(dim, dim), lengths=(300, keys))


def groups():
    dims = [(64, 64), (80, 80), (128, 128), (192, 128), (192, 192), (256, 256)]
    lengths = itertools.product([1, 20, 100, 300], [100, 200, 300, 500, 4096])
    masks = [{}, {"causal": "bottom_right"}, BOTH]
    for dims, lengths, mask in itertools.product(dims, lengths, masks):
        yield Case(heads=(32, 8 if lengths[0] % 100 else 4), dims=dims,
                   lengths=lengths, **mask)


DOCUMENTS = (Tensor("q_ids", "i32", ("b", "i")), Tensor("k_ids", "i32", ("b", "j")))
PAIRS = ("b", "h", "i", "j")
SLOPES = Tensor("slopes", "f32", ("h",))
LANGUAGE_DIMS = [256, 64, 128]
CLAUSES = [
    ({}, {"softcap": 30.0}), ({"causal": "bottom_right"}, {"softcap": 30.0}),
    ({}, {"alibi": SLOPES}), ({"causal": "bottom_right"}, {"alibi": SLOPES}),
    ({}, {"relative_bias": RelativeBias(Tensor("table", "f32", (32, "h")),
                                        bidirectional=True)}),
    ({}, {"bias": Tensor("bias", "f32", PAIRS)}),
    ({"causal": "top_left"}, {"bias": Tensor("bias", "bf16", (1, "h", "i", "j"))}),
    (BOTH, {"sinks": Tensor("sinks", "f32", ("h",))}), ({}, {"prefix": 100}),
    ({}, {"prefix": Tensor("n", "i32", ("b",))}),
    ({"causal": "top_left"}, {"chunked": 512}),
    ({"causal": "top_left"}, {"documents": DOCUMENTS}),
    ({}, {"documents": DOCUMENTS, "softcap": 50.0}),
    ({}, {"mask": Tensor("mask", "i1", ("b", 1, "i", "j"))}),
    (BOTH, {"softcap": 30.0, "alibi": SLOPES,
            "bias": Tensor("bias", "bf16", PAIRS),
            "mask": Tensor("mask", "i1", ("b", 1, "i", "j")),
            "sinks": Tensor("sinks", "f32", ("h",))}),
    ({}, {"dropout": 0.1}), ({"causal": "bottom_right"}, {"dropout": 0.1}),
    (BOTH, {"dropout": 0.1, "alibi": SLOPES,
            "bias": Tensor("bias", "bf16", PAIRS)}),
]


def with_clause(clause, dim):
    mask, words = clause
    return Program(Case(heads=(8, 2), dims=(dim, dim), dynamic=ALL, **mask), **words)


def clauses():
    return itertools.starmap(with_clause, itertools.product(CLAUSES, LANGUAGE_DIMS))


def some_clauses():
    return map(with_clause, CLAUSES, itertools.cycle(LANGUAGE_DIMS))


def regions():
    for number in range(50):
        program = programs.program(5, number, "sm_80")
        dim = LANGUAGE_DIMS[number % 3]
        case = dataclasses.replace(program.case, dims=(dim, dim),
                                   element="bf16", schedule=None)
        yield dataclasses.replace(program, case=case)


GRADIENT_DIMS = [(64, 64), (80, 80), (96, 96), (128, 128), (192, 128), (192, 192),
                 (256, 256)]


def gradients():
    """Of no mask, a causal one and a window at each head dimension, from what the
    function returned."""
    masks = [{}, {"causal": "top_left"}, {"causal": "top_left", "window": (128, 0)}]
    for dims, mask in itertools.product(GRADIENT_DIMS, masks):
        yield Case(heads=(8, 2), dims=dims, dynamic=ALL, **mask)


def some_gradients():
    return itertools.islice(gradients(), 1, None, 4)


SETS = {"few": few, "all": everything, "short": short, "groups": groups,
        "some-clauses": some_clauses, "clauses": clauses, "regions": regions,
        "gradients": gradients, "some-gradients": some_gradients,
        "gradients-of-clauses": clauses}


def chosen(name):
    which, _, share = name.partition("/")
    first = "sm_90a" in FLAGS[0]
    return which, list(SETS[which]())[first if share else 0::int(share or 1)]


def spilling(directory, which, first, cases):
    """Those of the cases that do not compile, with the reason."""
    source = directory / f"{which}-{first}.mlir"
    source.write_text("".join(case.mlir(f"f{first + i}")
                              for i, case in enumerate(cases)))
    relaxes = which in ("regions", "gradients-of-clauses")
    flags = [] if relaxes else ["--no-relax"]
    if "gradients" in which:
        flags.append("--vjp=saved")
    run = subprocess.run(
        ["attn-compile", source, *FLAGS, *flags, "--emit=cubin", "-o",
         source.with_suffix(".cubin")], stderr=subprocess.PIPE, text=True)
    if run.returncode == 0:
        return []
    if len(cases) == 1:
        return [f"{cases[0]}: {run.stderr.strip()}"]
    return [line for i, case in enumerate(cases)
            for line in spilling(directory, which, first + i, [case])]


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    chunks = []
    for which in sys.argv[2].split(","):
        which, cases = chosen(which)
        chunks += [(which, i, cases[i:i + 16]) for i in range(0, len(cases), 16)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [line for lines in pool.map(
            lambda chunk: spilling(directory, *chunk), chunks)
            for line in lines]
    print("\n".join(found))
    count = sum(len(cases) for _, _, cases in chunks)
    print(f"{count} kernels, {len(found)} do not compile")
    sys.exit(bool(found))


main()
