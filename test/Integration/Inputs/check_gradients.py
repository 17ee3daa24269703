#===- check_gradients.py - The judges of gradients ------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Holds the judges of gradients against numpy, and numpy against differences.

Usage: check_gradients.py ATTN_COMPILE LIBATTNRT DIRECTORY SHARE

Of functions whose scores read tensors, every SHARE-th one is checked. Where SHARE
is 1, each function is compiled in both forms, and else in one of them, by turns.

The formulas have to agree with central differences of the attention itself, in
f64, to 1e-7; the reference of a package with the formulas to 1e-9, and its
baseline to some roundings of the element type. Both for ranges of rows, and
with output and LSE that are given or computed again.
"""

import os
import subprocess
import sys

import numpy as np

from attn_testing import gradients, language, oracle, tensor_programs
from attn_testing.case import Case
from attn_testing.language import Program
from attn_testing.package import Package, spread

ALL = frozenset(a + b for a in "qkv" for b in "bhs")
POISON = 12345.0

CASES = [
    Case(lengths=(6, 9), dims=(16, 8)),
    Case(element="f16", batch=2, heads=(6, 3), lengths=(7, 5), dims=(8, 16),
         causal="top_left", scale=-0.25, dynamic=ALL),
    Case(heads=(4, 1), lengths=(5, 11), dims=(16, 16), causal="bottom_right",
         window=(4, None), layout="bshd", dynamic=ALL),
    Case(element="f32", lengths=(9, 6), dims=(24, 24), causal=-4,
         results=("lse", "o")),
    Case(lengths=(4, 4), dims=(8, 8), window=(0, 3), scale=0.0, results=("o",)),
    Case(lengths=(5, 0), dims=(16, 16), dynamic=ALL),
    Case(lengths=(0, 5), dims=(16, 16), dynamic=ALL),
]
CAPS = {0: 3.0, 3: 1.5}  # of some of the cases


def loss(program, values):
    """What the cotangents make of the results; rows without a key say nothing."""
    made = gradients.forward(program, values, True)
    lse = np.where(np.isfinite(made["lse"]), made["lse"], 0)
    return (made["o"] * values["do"]).sum() + (lse * values["dlse"]).sum()


def difference(program, values, x, place):
    step = 1e-5
    ends = []
    for sign in (1, -1):
        moved = values[x].astype(np.float64)
        moved[place] += sign * step
        ends.append(loss(program, {**values, x: moved}))
    return (ends[0] - ends[1]) / (2 * step)


def check_differences(program, values, exact, rng):
    for name in gradients.names(program):
        x = name[1:]
        size = values[x].size
        for flat in rng.choice(size, min(size, 12), replace=False):
            place = np.unravel_index(flat, values[x].shape)
            expected = difference(program, values, x, place)
            got = exact[name][place]
            if abs(expected - got) > 1e-7 * max(1, abs(expected)):
                sys.exit(f"{program}\n{name}{place}: differences say "
                         f"{expected}, formulas {got}")


def row_view(program, judge, name, array):
    """With the dimensions that count rows in front."""
    dims = judge["rows"]
    others = [n for n in range(array.ndim) if n not in dims]
    return array.transpose(*dims, *others), [array.shape[n] for n in dims]


def check_rows(package, program, args, expected, kind, begin, end):
    names = gradients.names(program)
    results = [spread(np.full(gradients.shape(program, x), POISON))
               for x in names]
    package.rows("f_vjp", kind, args, results, begin, end)
    described = package.function("f_vjp").description["results"]
    for x, actual, described in zip(names, results, described):
        ulp = 2.0**-oracle.MANTISSA_BITS[program.case.element]
        own = 2.0**-oracle.MANTISSA_BITS[gradients.element(program, x)]
        wanted = expected[x].copy()
        view, sizes = row_view(program, described["judge"], x, wanted)
        number = np.arange(np.prod(sizes, dtype=int)).reshape(sizes)
        view[(number < begin) | (number >= end)] = POISON
        largest = np.abs(expected[x]).max(initial=1)
        # Differences of the score are good to 1e-9, a tangent's to 11 bits.
        tanh = 2.0**-11 if gradients.has_tanh(program) else 1e-6
        most = largest * (3e-9 if kind == "reference" else
                          4 * max(ulp, own, tanh))
        wrong = np.abs(actual - wanted) > most
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            sys.exit(f"{program}\n{kind} {x}{at}: expected {wanted[at]}, "
                     f"got {actual[at]}")


def check_package(program, package, values, is_saved):
    case = program.case
    saved = case.results if is_saved else ()
    names = ["q", "k", "v", *(t.name for t in program.tensors()), *saved,
             *(f"d{x}" for x in case.results)]
    args = [spread(language.to_storage(gradients.element(program, x), values[x]))
            for x in names]
    given = values if is_saved else {x: values[x] for x in values
                                     if x not in ("o", "lse")}
    rows = max(int(np.prod(oracle.to_bhsd(case, values[x]).shape[:3]))
               for x in "qk")
    for kind in ("reference", "baseline"):
        expected = gradients.gradients(program, given, kind == "reference")
        for begin, end in [(0, rows), (rows // 3, rows // 2 + 1), (rows, rows)]:
            check_rows(package, program, args, expected, kind, begin, end)
    pairs = language.pairs(program, values)
    flops = 2 * pairs * (3 * case.dims[0] + 2 * case.dims[1])
    if not is_saved:
        flops += 2 * pairs * sum(case.dims)
    if package.flops("f_vjp", args) != flops:
        sys.exit(f"{program}\nflops: expected {flops}, "
                 f"got {package.flops('f_vjp', args)}")


def values_of(program, rng):
    case = program.case
    values = program.values(rng)
    made = gradients.forward(program, values, False)
    values["o"] = oracle.round_to(case.element, made["o"])
    values["lse"] = made["lse"].astype(np.float32)
    values["do"] = oracle.round_to(case.element,
                                   rng.standard_normal(case.shape("o")))
    values["dlse"] = rng.standard_normal(case.shape("lse")).astype(np.float32)
    if "lse" not in case.results:
        values["dlse"][...] = 0
    return values


def main():
    compiler, runtime, directory, share = sys.argv[1:]
    share = int(share)
    programs = [Program(case, softcap=CAPS.get(number))
                for number, case in enumerate(CASES)]
    programs += tensor_programs.programs(
        Case(element="f32", batch=2, lengths=(5, 7), dims=(8, 8)),
        Case(batch=2, heads=(4, 2), lengths=(5, 7), dims=(8, 8),
             causal="bottom_right", dynamic=ALL))[::share]
    for number, program in enumerate(programs):
        rng = np.random.default_rng(number)
        values = values_of(program, rng)
        computed = {x: values[x] for x in values if x not in ("o", "lse")}
        exact = gradients.gradients(program, computed, True)
        check_differences(program, computed, exact, rng)
        for is_saved in (False, True):
            has_both = len(program.case.results) == 2
            if is_saved and not has_both:
                continue
            if share > 1 and has_both and is_saved != bool(number % 2):
                continue
            path = os.path.join(directory, f"gradients-{number}-{is_saved}.so")
            subprocess.run([compiler, "-", "--target=host", "-o", path,
                            "--vjp=saved" if is_saved else "--vjp"],
                           input=program.mlir(), text=True, check=True)
            check_package(program, Package(path, runtime), values, is_saved)
    print(f"{len(programs)} functions agree")


main()
