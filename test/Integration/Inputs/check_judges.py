#===- check_judges.py - The judges of compiled packages --------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Holds the judges inside of packages against numpy.

Usage: check_judges.py ATTN_COMPILE LIBATTNRT DIRECTORY

For several masks, policies and layouts: reference, baseline, FLOP count and
result shapes, with operands and results that are not contiguous, and for ranges
of rows. The reference has to agree to 1e-11, the baseline to one rounding of
the element type.
"""

import os
import subprocess
import sys

import numpy as np

from attn_testing import oracle
from attn_testing.case import Case
from attn_testing.package import (Package, make_operands, spread, to_storage)

ALL = frozenset(a + b for a in "qkv" for b in "bhs")
POISON = 12345.0

CASES = [
    Case(lengths=(33, 47), dims=(64, 80)),
    Case(element="f16", batch=2, heads=(6, 3), lengths=(20, 9), dims=(40, 8),
         causal="top_left", scale=-0.25, dynamic=ALL),
    Case(batch=2, heads=(8, 1), lengths=(9, 30), dims=(16, 16),
         causal="bottom_right", window=(4, None), layout="bshd", dynamic=ALL),
    Case(element="f16", lengths=(30, 11), dims=(24, 24), causal=-4,
         masked_row="nan", results=("lse", "o")),
    Case(lengths=(25, 31), dims=(8, 256), causal=3, window=(2, 0),
         masked_row="uniform", layout="bshd", dynamic=ALL),
    Case(lengths=(12, 12), dims=(32, 8), window=(0, 3), scale=0.0,
         results=("o",)),
    Case(lengths=(7, 0), dims=(16, 16), dynamic=ALL),
    Case(lengths=(7, 0), dims=(16, 16), masked_row="nan", dynamic=ALL),
    Case(batch=0, dims=(16, 16), dynamic=ALL),
]


def compare(name, case, x, actual, expected, tolerance):
    with np.errstate(invalid="ignore"):
        is_close = np.abs(actual - expected) <= tolerance * np.maximum(
            1, np.abs(expected))
    is_same = (is_close | (actual == expected) |
               (np.isnan(actual) & np.isnan(expected)))
    if not is_same.all():
        at = tuple(int(i) for i in np.argwhere(~is_same)[0])
        sys.exit(f"{case}\n{name} {x}{at}: expected {expected[at]}, "
                 f"got {actual[at]}")


def check_rows(package, case, args, expected, kind, begin, end):
    """The judge of this kind on rows [begin, end); others stay as they are."""
    results = [spread(np.full(case.shape(x), POISON)) for x in case.results]
    package.rows("f", kind, args, results, begin, end)
    ulp = 2.0**-oracle.MANTISSA_BITS[case.element]
    for x, actual in zip(case.results, results):
        wanted = expected[x].copy()
        # Rows in the order (batch, head, query), whatever the layout.
        view = oracle.to_bhsd(case, wanted) if x == "o" else wanted
        number = np.arange(case.batch * case.heads[0] * case.lengths[0])
        outside = ((number < begin) | (number >= end)).reshape(view.shape[:3])
        view[outside] = POISON
        tolerance = 1e-11 if kind == "reference" else (
            ulp if x == "o" else 1e-5)
        compare(kind, case, x, actual, wanted, tolerance)


def check_verdicts(case, package, args, operands):
    """The judge of the runtime passes what numpy rounds as the operation does,
    finds one wrong value at its place, and leaves out what it is not given."""
    rough = oracle.attention(case, *operands.values(), exact=False)
    results = [spread(to_result(case, x, rough[x])) for x in case.results]
    for x, verdict in zip(case.results, package.judge("f", args, results)):
        if not verdict.passed:
            sys.exit(f"{case}\n{x}: {verdict.reason.decode()}")
    if results[0].size == 0 or len(results) == 1:
        return
    only = package.judge("f", args, [results[0], None])
    if only[1] is not None or not only[0].passed:
        sys.exit(f"{case}\none result is given, got {only}")
    place = tuple(n - 1 for n in results[0].shape)
    results[0][place] = to_result(case, case.results[0], np.full(1, 99.0))[0]
    wrong, right = package.judge("f", args, results)
    if (wrong.passed or not right.passed
            or tuple(wrong.to_json()["worst_index"]) != place):
        sys.exit(f"{case}\na wrong value at {place}: {wrong.to_json()}")


def to_result(case, x, values):
    values = values.astype(np.float32)
    return values if x == "lse" else to_storage(case.element, values)


def check(case, package, rng):
    operands = make_operands(case, rng)
    args = [spread(to_storage(case.element, operands[x])) for x in "qkv"]
    rows = case.batch * case.heads[0] * case.lengths[0]
    for kind in ["reference", "baseline"]:
        expected = oracle.attention(case, *operands.values(),
                                    exact=kind == "reference")
        for begin, end in [(0, rows), (rows // 3, rows // 2), (rows, rows),
                           (max(rows - 1, 0), rows)]:
            check_rows(package, case, args, expected, kind, begin, end)
    shapes = [case.shape(x) for x in case.results]
    got = package.shapes("f", args)
    if got != shapes:
        sys.exit(f"{case}\nshapes: expected {shapes}, got {got}")
    check_verdicts(case, package, args, operands)
    pairs = case.batch * case.heads[0] * int(case.keep().sum())
    flops = package.flops("f", args)
    if flops != 2 * sum(case.dims) * pairs:
        sys.exit(f"{case}\nflops: expected {2 * sum(case.dims) * pairs}, "
                 f"got {flops}")


def main():
    compiler, runtime, directory = sys.argv[1:]
    for number, case in enumerate(CASES):
        path = os.path.join(directory, f"judges-{number}.so")
        subprocess.run([compiler, "-", "--target=sm_80", "-o", path],
                       input=case.mlir(), text=True, check=True)
        check(case, Package(path, runtime), np.random.default_rng(number))
    print(f"{len(CASES)} functions agree")


main()
