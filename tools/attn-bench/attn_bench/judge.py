#===- judge.py - Whether a result is right ---------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""The rule of docs/Numerics.md, over every row of every output. With
e = max |out - reference|, e0 = max |baseline - reference| and
m = max |reference|:

    16-bit   e <= 2 e0 + ulp(m)
    f32      e <= 2 e0 + ulp(m) + 2^-23 K max(1, m)

K is the number of MMA steps behind a score. What is not finite has to be what
the reference has there, and no byte of the poison may be left.
"""

import math

import numpy

MANTISSA_BITS = {"f16": 10, "bf16": 7, "f32": 23}
LEAST_EXPONENT = {"f16": -14, "bf16": -126, "f32": -126}
MMA_STEP = 16


def ulp(element, value):
    """From |value| to the next larger one of the type."""
    exponent = max(math.frexp(abs(value))[1] - 1, LEAST_EXPONENT[element])
    return 2.0 ** (exponent - MANTISSA_BITS[element])


def tolerance(element, baseline_error, magnitude, dim):
    allowed = 2 * baseline_error + ulp(element, magnitude)
    if element == "f32":
        steps = -(-dim // MMA_STEP)
        allowed += 2.0**-23 * steps * max(1.0, magnitude)
    return allowed


def index_of(flags):
    """Of the first that is set, or of the largest."""
    return [int(i) for i in numpy.unravel_index(int(flags.argmax()),
                                                tuple(flags.shape))]


def misplaced(xp, actual, expected):
    """Where one is finite and the other is not, or is another infinity."""
    same = (actual == expected) | (xp.isnan(actual) & xp.isnan(expected))
    return ~xp.where(xp.isfinite(expected), xp.isfinite(actual), same)


def judge_output(arrays, case, reference, name, array):
    """An entry of "outputs" in the record."""
    xp = arrays.xp
    element = "f32" if name == "lse" else case.function.element
    expected = reference.values[name]
    entry = {"name": name, "max_abs_error": None,
             "baseline_max_abs_error": reference.baseline_error[name],
             "tolerance": None, "worst_index": None, "reason": None}
    if tuple(array.shape) != tuple(expected.shape):
        entry["reason"] = (f"expected shape {list(expected.shape)}, got "
                           f"{list(array.shape)}")
        return entry

    poison = arrays.is_poison(array)
    if bool(poison.any()):
        return dict(entry, worst_index=index_of(xp.where(poison, 1, 0)),
                    reason="value was never written")
    actual = arrays.exact(array)
    wrong = misplaced(xp, actual, expected)
    if bool(wrong.any()):
        at = index_of(xp.where(wrong, 1, 0))
        return dict(entry, worst_index=at, reason=(
            f"expected {float(expected[tuple(at)]):g}, got "
            f"{float(actual[tuple(at)]):g}"))

    finite = xp.isfinite(expected)
    error = xp.where(finite, xp.abs(actual - expected), 0.0)
    magnitude = float(xp.where(finite, xp.abs(expected), 0.0).max())
    largest = float(error.max())
    allowed = tolerance(element, reference.baseline_error[name], magnitude,
                        case.function.dim)
    entry.update(max_abs_error=largest, tolerance=allowed,
                 worst_index=index_of(error))
    if not largest <= allowed:
        entry["reason"] = (f"max error {largest:.3g} exceeds tolerance "
                           f"{allowed:.3g}")
    return entry


def judge(arrays, case, reference, outputs):
    """"verify" of the record, for what a contender gave: O, and the LSE where
    it has one."""
    entries = [judge_output(arrays, case, reference, name, array)
               for name, array in outputs.items()]
    return {"passed": all(entry["reason"] is None for entry in entries),
            "outputs": entries}
