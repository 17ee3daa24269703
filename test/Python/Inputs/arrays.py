#===- arrays.py - Packages for arrays of other frameworks ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: arrays.py HOST.so GPU.so

Calls packages with arrays of numpy. Nothing of PyTorch is imported.
"""

import sys

import numpy

import attn_mlir


def textbook(q, k, v):
    scores = q.astype(float) @ k.astype(float).swapaxes(2, 3) / 4
    later = numpy.triu(numpy.ones(scores.shape[2:], bool), 1)
    scores[:, :, later] = -numpy.inf
    weights = numpy.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v


def main():
    random = numpy.random.default_rng(1)
    for path, element in zip(sys.argv[1:], ("float32", "float16")):
        package = attn_mlir.load(path)
        q, k, v = (random.standard_normal((2, 3, 50, 16)).astype(element)
                   for _ in range(3))
        output = package.call(q, k, v)
        assert output.dtype == element and output.shape == q.shape
        assert numpy.abs(output - textbook(q, k, v)).max() < 4e-3
        # Rows that lie apart, and results where the caller wants them.
        wide = numpy.full((2, 3, 50, 32), numpy.nan, element)
        wide[..., :16] = q
        mine = numpy.full_like(output, numpy.nan)
        package["attention"].call(wide[..., :16], k, v, out=[mine])
        assert numpy.array_equal(mine, output)
        verdict, = package["attention"].judge((q, k, v), (output,))
        assert verdict[0], verdict
        verdict, = package["attention"].judge((q, k, v), (output + 1,))
        assert not verdict[0], verdict
        for wrong in (q[0], k, v), (q.astype("float64"), k, v), (q, k[:1], v):
            try:
                package.call(*wrong, out=[mine])
            except ValueError as error:
                print(f"refused: {error}")
            else:
                raise AssertionError("not refused")
        print(f"{package.target}: {package['attention'].shapes(q, k, v)}")
    assert "torch" not in sys.modules
    try:
        attn_mlir.load(__file__)
    except Exception as error:
        print(f"refused: {error}")


main()
