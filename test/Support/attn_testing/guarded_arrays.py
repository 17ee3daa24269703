#===- guarded_arrays.py - Arrays of numpy between guard pages --------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Arrays with any strides, from one guard page or up to one, whose gaps nobody
may write."""

import ctypes

import numpy as np

from attnrt.guarded import Guarded

POISON = 0xff  # of every byte, as the runtime fills results


def strides_of(shape, arrangement, rng):
    """In elements. The last dimension is always dense."""
    if not shape:
        return []
    order = list(range(len(shape) - 1))
    if arrangement == "permuted":
        order = [int(n) for n in rng.permutation(order)]
    strides = [1] * len(shape)
    stride = shape[-1]
    for axis in reversed(order):
        if arrangement == "spread":
            stride += int(rng.integers(0, 4))
        strides[axis] = stride
        stride *= max(shape[axis], 1)
    return strides


class GuardedArray:
    """`array` is a view of memory that is as long as its last element needs."""

    def __init__(self, shape, dtype, arrangement, side, rng):
        dtype = np.dtype(dtype)
        strides = strides_of(shape, arrangement, rng)
        count = 0
        if all(shape):
            count = 1 + sum((n - 1) * s for n, s in zip(shape, strides))
        self.memory = Guarded(count * dtype.itemsize, side)
        raw = (ctypes.c_uint8 * self.memory.size).from_address(
            self.memory.address)
        self.bytes = np.frombuffer(raw, np.uint8)
        self.bytes[...] = POISON
        self.array = np.ndarray(shape, dtype, raw,
                                strides=[s * dtype.itemsize for s in strides])
        is_gap = np.ones(count, bool)
        np.ndarray(shape, bool, is_gap, strides=strides)[...] = False
        self.gaps = np.repeat(is_gap, dtype.itemsize)

    def is_intact(self):
        """Whether nothing but elements was written."""
        return (self.memory.is_intact()
                and bool((self.bytes[self.gaps] == POISON).all()))
