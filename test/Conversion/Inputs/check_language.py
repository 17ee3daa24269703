#===- check_language.py - Judges of random scores and masks ----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Holds what convert-attn-to-reference makes against numpy, for the random
programs of attn_testing/programs.py.

Usage: check_language.py SEED COUNT TARGET DIRECTORY

Stock tools lower and compile the judges. The reference has to agree to 1e-10, the
baseline as two orders of its sums do, the FLOP count exactly; without the data
of captured tensors it is that of all pairs.
"""

import ctypes
import os
import subprocess
import sys

import numpy as np

from attn_testing import expressions as e
from attn_testing import language, oracle, programs
from attn_testing.case import Case

POISON = 12345.0
EMPTY = e.Tensor("empty", "f32", (0, "h"))
TRUTHS = e.Tensor("truths", "i1", (0,))
# What is not drawn: tensors without elements.
EXTRA = [language.Program(
    Case(lengths=(5, 7), dims=(16, 8)),
    score=e.binary("arith.addf", e.SCORE, e.capture(EMPTY, e.J, e.H)),
    keep=e.negation(e.capture(TRUTHS, e.I)))]
LOWER = ["--symbol-dce", "--llvm-request-c-wrappers",
         "--expand-strided-metadata", "--lower-affine",
         "--convert-scf-to-cf", "--arith-expand",
         "--finalize-memref-to-llvm", "--convert-math-to-llvm",
         "--convert-math-to-libm", "--convert-arith-to-llvm",
         "--convert-cf-to-llvm", "--convert-func-to-llvm",
         "--reconcile-unrealized-casts"]


def run(command, text):
    done = subprocess.run(command, input=text, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr[-3000:]}")
    return done.stdout


def compile_judges(text, count, directory):
    text = run(["attn-opt", "-", "--attn-fuse-producers",
                "--attn-expand-scores", "--attn-expand-masks",
                "--convert-attn-to-reference", "--mlir-print-op-generic"],
               text)
    names = [f"f{n}__{kind}" for n in range(count)
             for kind in ("reference", "baseline", "flops")]
    text = run(["mlir-opt", "--allow-unregistered-dialect",
                f"--symbol-privatize=exclude={','.join(names)}", *LOWER], text)
    text = run(["mlir-translate", "--mlir-to-llvmir"], text)
    path = os.path.join(directory, "judges.so")
    run(["clang", "-x", "ir", "-", "-O1", "-march=native",
         "-Wno-override-module", "-shared", "-fPIC", "-lm", "-o", path], text)
    return ctypes.CDLL(path)


def descriptor(array, has_data=True):
    """A memref descriptor; a scalar has neither sizes nor strides."""
    fields = [("allocated", ctypes.c_void_p), ("aligned", ctypes.c_void_p),
              ("offset", ctypes.c_int64)]
    base = array.ctypes.data if has_data else None
    values = [base, base, 0]
    if array.ndim:
        integers = ctypes.c_int64 * array.ndim
        fields += [("sizes", integers), ("strides", integers)]
        values += [integers(*array.shape),
                   integers(*[s // array.itemsize for s in array.strides])]
    kind = type("Descriptor", (ctypes.Structure,), {"_fields_": fields})
    return ctypes.byref(kind(*values))


def differ(program, x, actual, expected, rough):
    """`rough` is another answer with the same roundings, or None: exact."""
    if rough is not None:
        return oracle.judge(program.case, x, actual, expected, rough)
    with np.errstate(invalid="ignore"):
        is_close = np.abs(actual - expected) <= 1e-10 * np.maximum(
            1, np.abs(expected))
    is_same = (is_close | (actual == expected)
               | (np.isnan(actual) & np.isnan(expected)))
    if is_same.all():
        return ""
    at = tuple(int(i) for i in np.argwhere(~is_same)[0])
    return f"{x}{at}: expected {expected[at]}, got {actual[at]}"


def check_rows(library, name, program, values, arguments):
    case = program.case
    exact = language.attention(program, values, exact=True)
    rough = language.attention(program, values, exact=False,
                               product=oracle.in_order)
    rows = case.batch * case.heads[0] * case.lengths[0]
    for kind in ["reference", "baseline"]:
        results = {x: np.full(case.shape(x), POISON) for x in case.results}
        function = getattr(library, f"_mlir_ciface_{name}__{kind}")
        function.restype = None
        function(*arguments, *[descriptor(results[x]) for x in case.results],
                 ctypes.c_int64(0), ctypes.c_int64(rows))
        for x in case.results:
            reason = differ(program, x, results[x], exact[x],
                            rough[x] if kind == "baseline" else None)
            if reason:
                sys.exit(f"{name}__{kind} {reason}\n{program.mlir()}")


def check_flops(library, name, program, values, stored):
    case = program.case
    function = getattr(library, f"_mlir_ciface_{name}__flops")
    function.restype = ctypes.c_double
    flops = function(*[descriptor(x) for x in stored])
    each, rows = 2 * sum(case.dims), language.row_flops(program)
    wanted = each * language.pairs(program, values) + rows
    if flops != wanted:
        sys.exit(f"{name}__flops: expected {wanted}, got {flops}\n"
                 f"{program.mlir()}")
    if not all(x.size for x in stored):
        return
    # From shapes alone.
    flops = function(*[descriptor(x, has_data=False) for x in stored])
    everything = each * (case.batch * case.heads[0] * case.lengths[0]
                         * case.lengths[1]) + rows
    if flops not in (wanted, everything):
        sys.exit(f"{name}__flops without data: got {flops}\n{program.mlir()}")


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    target, directory = sys.argv[3:]
    dealer = programs.Dealer(seed, target)
    drawn = [programs.draw(dealer) for _ in range(count)] + EXTRA
    text = "".join(p.mlir(f"f{n}") for n, p in enumerate(drawn))
    library = compile_judges(text, len(drawn), directory)
    for number, program in enumerate(drawn):
        values = program.values(np.random.default_rng(number))
        stored = program.arguments(values)
        name = f"f{number}"
        check_rows(library, name, program, values,
                   [descriptor(x) for x in stored])
        check_flops(library, name, program, values, stored)
    print(f"{count} programs agree")


main()
