#===- reference.py - What the answer is ------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Attention by its definition, over all keys of a row at once, in f64 or with
the roundings of the operation. Works on arrays of numpy and of PyTorch, whose
functions used here agree in names and arguments."""

import numpy


def keeps(arrays, rows, keys, group):
    """Which keys the rows of a group of heads keep, under a causal mask."""
    i = arrays.positions(rows.start, rows.stop)[:, None]
    j = arrays.positions(0, keys)[None, :]
    return arrays.xp.concatenate([j <= i] * group)


def attend(arrays, function, q, k, v, rows, exact):
    """O [heads, rows, dim] and the LSE [heads, rows] of one batch entry's rows.
    `exact` is in f64; otherwise it is in f32, with P and O rounded."""
    xp = arrays.xp
    widen = arrays.exact if exact else arrays.single
    count = rows.stop - rows.start
    keys = rows.stop if function.causal else k.shape[1]
    group = function.query_heads // function.kv_heads
    # Heads of a group stand in a row, as rows of their key head.
    q = widen(q[:, rows]).reshape(function.kv_heads, group * count,
                                  function.dim)
    k, v = widen(k[:, :keys]), widen(v[:, :keys])
    scale = float(numpy.float32(1 / numpy.sqrt(function.dim)))

    scores = xp.matmul(q, k.swapaxes(1, 2)) * scale
    if function.causal:
        kept = keeps(arrays, rows, keys, group)
        scores = xp.where(kept, scores, -numpy.inf)
    largest = xp.amax(scores, axis=-1, keepdims=True)
    p = xp.exp(scores - largest)
    total = xp.sum(p, axis=-1, keepdims=True)
    if not exact:
        p = arrays.rounded(p, function.element)
    o = xp.matmul(p, v) / total
    if not exact:
        o = arrays.rounded(o, function.element)
    lse = largest + xp.log(total)
    heads = function.query_heads
    return o.reshape(heads, count, -1), lse.reshape(heads, count)


def blocks(arrays, case):
    """Batch entries and runs of rows, of which the scores fit in memory."""
    count = max(1, arrays.block_scores
                // (case.function.query_heads * case.length))
    for b in range(case.batch):
        for begin in range(0, case.queries, count):
            yield b, slice(begin, min(begin + count, case.queries))


class Reference:
    """The answer in f64, and how far off the operation's own roundings are."""

    def __init__(self, arrays, case, q, k, v):
        self.values = {"o": arrays.zeros(case.shape("o")),
                       "lse": arrays.zeros(case.lse_shape)}
        self.baseline_error = {"o": 0.0, "lse": 0.0}
        for b, rows in blocks(arrays, case):
            one = q[b], k[b], v[b]
            exact = attend(arrays, case.function, *one, rows, True)
            rough = attend(arrays, case.function, *one, rows, False)
            for name, good, close in zip(("o", "lse"), exact, rough):
                self.values[name][b, :, rows] = good
                error = float(arrays.xp.abs(close - good).max())
                self.baseline_error[name] = max(self.baseline_error[name],
                                                error)
