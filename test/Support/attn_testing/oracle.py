#===- oracle.py - Attention in numpy ---------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Attention in numpy, from the formulas of docs/AttnSpec.md alone."""

import numpy as np

MANTISSA_BITS = {"f16": 10, "bf16": 7, "f32": 23}
LEAST_EXPONENT = {"f16": -14, "bf16": -126, "f32": -126}


def round_to(element, values):
    """Rounded to nearest even to the element type, as float32."""
    values = np.asarray(values, np.float32)
    with np.errstate(over="ignore"):
        if element == "f32":
            return values
        if element == "f16":
            return values.astype(np.float16).astype(np.float32)
    bits = values.view(np.uint32)
    rounded = (bits + 0x7fff + ((bits >> 16) & 1)) & np.uint32(0xffff0000)
    return np.where(np.isnan(values), values, rounded.view(np.float32))


def round_operand(case, values):
    """What products multiply: of f32 under `precision(tf32)`, the nearest number
    of 11 bits, ties away from zero."""
    if case.precision != "tf32":
        return values
    bits = np.asarray(values, np.float32).view(np.uint32)
    rounded = ((bits + 0x1000) & np.uint32(0xffffe000)).view(np.float32)
    return np.where(np.isfinite(values), rounded, values)


def chain(case, target):
    """K of the judge's rule: MMA steps behind a score, and of f32 those of a tile
    of weights as well."""
    if case.element == "f32" and target.startswith("sm_"):
        return -(-case.dims[0] // 8) + 8
    return -(-case.dims[0] // 16)


def ulp(element, value):
    """The distance from `value` to the next larger one of the type."""
    exponent = max(np.frexp(abs(float(value)))[1] - 1, LEAST_EXPONENT[element])
    return 2.0 ** (exponent - MANTISSA_BITS[element])


def to_bhsd(case, array):
    return array if case.layout == "bhsd" else array.transpose(0, 2, 1, 3)


def in_order(a, b):
    """a @ b, each sum one term after the other. numpy has many sums at a time for
    each element, whose errors are a fraction of those of one."""
    total = np.zeros((len(a), b.shape[1]), a.dtype)
    for column, row in zip(a.T, b):
        total += column[:, None] * row
    return total


def weighted_sum(weights, keep, values, product):
    """The product over what is kept: a value of infinity that no row keeps is
    not multiplied by 0."""
    if np.isfinite(values).all():
        return product(weights, values)
    rows = [w[k] @ values[k] for w, k in zip(weights, keep)]
    return np.array(rows, weights.dtype).reshape(len(weights), values.shape[1])


def head(case, keep, q, k, v, real, cast, product):
    """O [Sq, dv] and LSE [Sq] of one head, in `real` with roundings `cast`."""
    operand = ((lambda x: x) if real is np.float64 else
               (lambda x: round_operand(case, x)))
    q, k, v = (operand(x.astype(real)) for x in (q, k, v))
    sk = case.lengths[1]
    has_keys = keep.any(axis=1)
    s = np.where(keep, product(q, k.T) * real(case.effective_scale), -np.inf)
    m = s.max(axis=1, initial=-np.inf).astype(real)
    p = np.where(keep, np.exp((s - m[:, None]).astype(real)), real(0))
    l = p.sum(axis=1, dtype=real)
    acc = weighted_sum(operand(cast(p).astype(real)), keep, v, product)
    o = cast((acc * (real(1) / l)[:, None]).astype(real))
    lse = (np.log(l) + m).astype(real)
    lse[~has_keys] = -np.inf
    if case.masked_row == "nan":
        o[~has_keys] = np.nan
    elif case.masked_row == "uniform" and sk:
        o[~has_keys] = cast(v.sum(axis=0, dtype=real) * (real(1) / real(sk)))
    else:
        o[~has_keys] = 0
    return o, lse


def attention(case, q, k, v, exact, product=np.matmul):
    """{"o", "lse"} in the shapes of `case`, float64. `exact` leaves out every
    rounding; otherwise it is the naive computation with those of the op."""
    real = np.float64 if exact else np.float32
    cast = (lambda x: x) if exact else (lambda x: round_to(case.element, x))
    q, k, v = (to_bhsd(case, x) for x in (q, k, v))
    keep = case.keep()
    o = np.zeros(case.shape("o"))
    lse = np.zeros(case.shape("lse"))
    group = case.heads[0] // case.heads[1]
    with np.errstate(all="ignore"):
        for b, h in np.ndindex(case.batch, case.heads[0]):
            to_bhsd(case, o)[b, h], lse[b, h] = head(
                case, keep, q[b, h], k[b, h // group], v[b, h // group], real,
                cast, product)
    return {"o": o, "lse": lse}


def judge(case, output, actual, reference, baseline, chain=None):
    """What is wrong with `actual`, or an empty string.

    With e = max |actual - reference|, e0 = max |baseline - reference| and
    m = max |reference|: e <= 2 e0 + ulp(m), for f32 + 2^-23 K max(1, m).
    """
    element = "f32" if output == "lse" else case.element
    finite = np.isfinite(reference)
    same_place = np.where(finite, np.isfinite(actual), (actual == reference) |
                          (np.isnan(actual) & np.isnan(reference)))
    if not same_place.all():
        at = tuple(int(x) for x in np.argwhere(~same_place)[0])
        return f"{output}{at}: expected {reference[at]}, got {actual[at]}"
    if not finite.any():
        return ""
    error = np.abs(np.where(finite, actual, 0) - np.where(finite, reference, 0))
    both = finite & np.isfinite(baseline)
    e0 = np.abs(baseline[both] - reference[both]).max(initial=0)
    m = np.abs(reference[finite]).max()
    tolerance = 2 * e0 + ulp(element, m)
    if element == "f32":
        chain = chain or -(-case.dims[0] // 16)
        tolerance += 2.0**-23 * chain * max(1, m)
    if error.max() <= tolerance:
        return ""
    at = tuple(int(x) for x in np.unravel_index(error.argmax(), error.shape))
    return (f"{output}{at}: expected {reference[at]}, got {actual[at]}, "
            f"tolerance {tolerance}")
