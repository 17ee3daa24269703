#===- gradients.py - Gradients of attention in numpy ----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Gradients of attention in numpy, from the formulas of docs/AttnSpec.md alone."""

import numpy as np

from attn_testing import language, oracle
from attn_testing.expressions import tanh_of_gpu

GRADIENTS = ("dq", "dk", "dv")


def shape(case, name):
    """Of a gradient, a cotangent ("do", "dlse"), or anything of the case."""
    return case.shape(name[1:] if name.startswith("d") else name)


def chain(case):
    """Chained MMA steps behind a gradient of a score."""
    return -(-case.dims[0] // 16) + -(-case.dims[1] // 16)


def with_21_bits(values):
    """What the baseline of the judge keeps of these sums."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    rounded = (bits + 3 + ((bits >> 3) & 1)) & np.uint32(0xfffffff8)
    return rounded.view(np.float32)


def cut_to_11_bits(values):
    """As the baseline of the judge has the slope of a hyperbolic tangent."""
    mantissa, exponent = np.frexp(values.astype(np.float64))
    return np.ldexp(np.rint(mantissa * 2**11), exponent - 11).astype(values.dtype)


def capped(scores, cap, real):
    """Scores under a soft cap, and their derivative."""
    part = scores * real(np.float32(1) / np.float32(cap))
    tanh = np.tanh(part)
    slope = (real(1) - tanh * tanh) * real(np.float32(1) / np.float32(cap)) * real(cap)
    if real is np.float32:
        return real(cap) * real(tanh_of_gpu(part)), cut_to_11_bits(slope)
    return cap * tanh, slope


def head(case, keep, q, k, v, o, lse, do, dlse, real, cast, cap=None):
    """dQ, dK and dV of one query head, in `real`, not rounded at the end."""
    q, k, v, o, do = (x.astype(real) for x in (q, k, v, o, do))
    lse, dlse = lse.astype(real), dlse.astype(real)
    scale = real(case.effective_scale)
    counts = keep & np.isfinite(lse)[:, None]
    s, slope = (q @ k.T) * scale, real(1)
    if cap is not None:
        s, slope = capped(s, cap, real)
    p = np.where(counts, np.exp(np.where(counts, s - lse[:, None], 0)), 0)
    p = p.astype(real)
    delta = (do * o).sum(axis=1, dtype=real)
    if real is np.float32:
        delta = with_21_bits(delta)
    delta = delta - dlse
    ds = p * np.where(counts, do @ v.T - delta[:, None], 0) * slope
    ds = cast(ds).astype(real)
    return scale * (ds @ k), scale * (ds.T @ q), cast(p).astype(real).T @ do


def forward(case, values, exact, cap):
    if cap is None:
        return oracle.attention(case, *(values[x] for x in "qkv"), exact)
    return language.attention(language.Program(case, softcap=cap), values, exact)


def gradients(case, values, exact, cap=None):
    """{"dq", "dk", "dv"} in the shapes of the case, float64. `values` has q, k,
    v, the cotangents do and dlse, and o and lse where they are given; `cap` is
    a soft cap."""
    real = np.float64 if exact else np.float32
    cast = (lambda x: x) if exact else (
        lambda x: oracle.round_to(case.element, x))
    if "o" not in values:
        made = forward(case, values, exact, cap)
        values = {**values, "o": made["o"], "lse": made["lse"]}
    q, k, v, o, do = (oracle.to_bhsd(case, values[x])
                      for x in ("q", "k", "v", "o", "do"))
    lse = values["lse"]
    dlse = values.get("dlse", np.zeros(case.shape("lse")))
    keep = case.keep()
    sums = {x: np.zeros(shape(case, x)) for x in GRADIENTS}
    group = case.heads[0] // case.heads[1]
    with np.errstate(all="ignore"):
        for b, h in np.ndindex(case.batch, case.heads[0]):
            g = h // group
            parts = head(case, keep, q[b, h], k[b, g], v[b, g], o[b, h],
                         lse[b, h], do[b, h], dlse[b, h], real, cast, cap)
            for x, at, part in zip(GRADIENTS, (h, g, g), parts):
                view = oracle.to_bhsd(case, sums[x])
                view[b, at] = (view[b, at] + part).astype(real)
    return {x: cast(sums[x]).astype(np.float64) for x in GRADIENTS}


def judge(case, name, actual, reference, baseline):
    """What is wrong with a gradient, or an empty string."""
    return oracle.judge(case, name, actual, reference, baseline, chain(case))
