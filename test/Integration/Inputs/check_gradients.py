#===- check_gradients.py - The judges of gradients ------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Holds the judges of gradients against numpy, and numpy against differences.

Usage: check_gradients.py ATTN_COMPILE LIBATTNRT DIRECTORY

The formulas have to agree with central differences of the attention itself, in
f64, to 1e-7; the reference of a package with the formulas to 1e-9, and its
baseline to some roundings of the element type. Both for ranges of rows, and
with output and LSE that are given or computed again.
"""

import os
import subprocess
import sys

import numpy as np

from attn_testing import gradients, language, oracle
from attn_testing.case import Case
from attn_testing.package import Package, make_operands, spread, to_storage

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


def loss(case, values, cap):
    """What the cotangents make of the results; rows without a key say nothing."""
    made = gradients.forward(case, values, True, cap)
    lse = np.where(np.isfinite(made["lse"]), made["lse"], 0)
    return (made["o"] * values["do"]).sum() + (lse * values["dlse"]).sum()


def difference(case, values, cap, x, place):
    step = 1e-5
    ends = []
    for sign in (1, -1):
        moved = values[x].astype(np.float64)
        moved[place] += sign * step
        ends.append(loss(case, {**values, x: moved}, cap))
    return (ends[0] - ends[1]) / (2 * step)


def check_differences(case, values, cap, exact, rng):
    for x in "qkv":
        size = values[x].size
        for flat in rng.choice(size, min(size, 12), replace=False):
            place = np.unravel_index(flat, values[x].shape)
            expected = difference(case, values, cap, x, place)
            got = exact[f"d{x}"][place]
            if abs(expected - got) > 1e-7 * max(1, abs(expected)):
                sys.exit(f"{case}\nd{x}{place}: differences say {expected}, "
                         f"formulas {got}")


def check_rows(package, case, args, expected, kind, has_cap, begin, end):
    shapes = [gradients.shape(case, x) for x in gradients.GRADIENTS]
    results = [spread(np.full(shape, POISON)) for shape in shapes]
    package.rows("f_vjp", kind, args, results, begin, end)
    ulp = 2.0**-oracle.MANTISSA_BITS[case.element]
    for x, actual in zip(gradients.GRADIENTS, results):
        wanted = expected[x].copy()
        view = oracle.to_bhsd(case, wanted)
        number = np.arange(np.prod(view.shape[:3], dtype=int))
        view[((number < begin) | (number >= end)).reshape(view.shape[:3])] = POISON
        largest = np.abs(expected[x]).max(initial=1)
        # Differences of the score are good to 1e-9, a tangent's to 11 bits.
        most = largest * (1e-9 if kind == "reference" else
                          4 * max(ulp, 2.0**-11 if has_cap else 1e-6))
        wrong = np.abs(actual - wanted) > most
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            sys.exit(f"{case}\n{kind} {x}{at}: expected {wanted[at]}, "
                     f"got {actual[at]}")


def check_package(case, package, values, cap, is_saved):
    saved = case.results if is_saved else ()
    names = [*"qkv", *saved, *(f"d{x}" for x in case.results)]
    args = []
    for x in names:
        element = "f32" if x.endswith("lse") else case.element
        args.append(spread(to_storage(element, values[x].astype(np.float32))))
    given = values if is_saved else {x: values[x] for x in values
                                     if x not in ("o", "lse")}
    rows = max(int(np.prod(oracle.to_bhsd(case, values[x]).shape[:3]))
               for x in "qk")
    for kind in ("reference", "baseline"):
        expected = gradients.gradients(case, given, kind == "reference", cap)
        for begin, end in [(0, rows), (rows // 3, rows // 2 + 1), (rows, rows)]:
            check_rows(package, case, args, expected, kind,
                       cap is not None, begin, end)
    pairs = case.batch * case.heads[0] * int(case.keep().sum())
    flops = 2 * pairs * (3 * case.dims[0] + 2 * case.dims[1])
    if not is_saved:
        flops += 2 * pairs * sum(case.dims)
    if package.flops("f_vjp", args) != flops:
        sys.exit(f"{case}\nflops: expected {flops}, "
                 f"got {package.flops('f_vjp', args)}")


def values_of(case, cap, rng):
    values = make_operands(case, rng)
    made = gradients.forward(case, values, False, cap)
    values["o"] = oracle.round_to(case.element, made["o"])
    values["lse"] = made["lse"].astype(np.float32)
    values["do"] = oracle.round_to(case.element,
                                   rng.standard_normal(case.shape("o")))
    values["dlse"] = rng.standard_normal(case.shape("lse")).astype(np.float32)
    if "lse" not in case.results:
        values["dlse"][...] = 0
    return values


def source_of(case, cap):
    if cap is None:
        return case.mlir()
    return language.Program(case, softcap=cap).mlir()


def main():
    compiler, runtime, directory = sys.argv[1:]
    for number, case in enumerate(CASES):
        rng = np.random.default_rng(number)
        cap = CAPS.get(number)
        values = values_of(case, cap, rng)
        computed = {x: values[x] for x in ("q", "k", "v", "do", "dlse")}
        exact = gradients.gradients(case, computed, True, cap)
        check_differences(case, computed, cap, exact, rng)
        for is_saved in (False, True):
            if is_saved and len(case.results) == 1:
                continue
            path = os.path.join(directory, f"gradients-{number}-{is_saved}.so")
            subprocess.run([compiler, "-", "--target=host", "-o", path,
                            "--vjp=saved" if is_saved else "--vjp"],
                           input=source_of(case, cap), text=True, check=True)
            check_package(case, Package(path, runtime), values, cap, is_saved)
    print(f"{len(CASES)} functions agree")


main()
