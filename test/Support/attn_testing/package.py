#===- package.py - Compiled packages, called from Python -------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Calls the functions of a package by the C interface of attnrt/Abi.h.

Tensors are numpy arrays with any strides; bf16 ones are kept as uint16.
"""

import ctypes

import numpy as np

from attn_testing import oracle
from attnrt import dlpack
from attnrt.failures import Failure
from attnrt.runtime import Function, Runtime


ELEMENTS = {np.dtype(np.uint16): "bf16", np.dtype(np.float16): "f16",
            np.dtype(np.float32): "f32", np.dtype(np.float64): "f64",
            np.dtype(np.int32): "i32", np.dtype(np.int64): "i64",
            np.dtype(np.int8): "i8",
            np.dtype(np.bool_): "i1"}
STORAGE = {element: dtype for dtype, element in ELEMENTS.items()}


def to_storage(element, values):
    """float32 values that are of the element type already."""
    if element == "f32":
        return np.ascontiguousarray(values)
    if element == "f16":
        return values.astype(np.float16)
    return (np.ascontiguousarray(values).view(np.uint32) >> 16).astype(np.uint16)


def from_storage(array):
    """float64 of f16, bf16 (as uint16), f32 or f64."""
    if array.dtype == np.uint16:
        array = (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float64)


def spread(array, room=1, alignment=16):
    """The same values with gaps between rows, heads and batches. Strides stay
    multiples of 16 bytes, as kernels want operands; 4 do for results."""
    if array.ndim == 0:
        return array
    step = alignment // array.itemsize * room
    shape = [n + 1 for n in array.shape[:-1]] + [array.shape[-1] + step]
    wide = np.zeros(shape, array.dtype)
    view = wide[tuple(slice(0, n) for n in array.shape)]
    view[...] = array
    return view


def describe(array, data=None, offset=0):
    """The DLTensor of an array; `data` is its address where that is not the
    array's own, `offset` bytes of it are passed as byte_offset."""
    address = array.ctypes.data if data is None else data
    return dlpack.describe(
        address - offset, array.shape,
        [s // array.itemsize for s in array.strides], ELEMENTS[array.dtype],
        offset=offset)


class Package:
    """Functions of a package by name, on arrays of numpy."""

    def __init__(self, path, library):
        self.path = path
        self.runtime = Runtime(library)
        self.library = ctypes.CDLL(path)
        self.functions = {}

    def function(self, name):
        if name not in self.functions:
            self.functions[name] = Function(self.runtime, self.path, name)
        return self.functions[name]

    def check(self, status):
        self.runtime.check(status)

    def rows(self, name, kind, args, results, begin, end):
        """`kind` is "reference" or "baseline"; results are f64 arrays."""
        judge = self.function(name).description["results"][0]["judge"]
        self.check(getattr(self.library, judge[kind])(
            dlpack.pointers([describe(a, offset=16) for a in args]),
            dlpack.pointers([describe(r, offset=8) for r in results]),
            ctypes.c_int64(begin), ctypes.c_int64(end)))

    def judge(self, name, args, results, seed=1):
        """The runtime's verdicts on arrays; None is not judged."""
        return self.function(name).judge(
            [describe(a, offset=16) for a in args],
            [None if r is None else describe(r, offset=8) for r in results],
            seed)

    def flops(self, name, args):
        return self.function(name).flops([describe(a) for a in args])

    def shapes(self, name, args):
        return self.function(name).shapes([describe(a) for a in args])

    def call(self, name, args, results):
        """The status of a call on descriptors, on the default stream."""
        return self.function(name).call(args, results)


def make_operands(case, rng):
    """Values of the element type as float32, by operand."""
    return {x: oracle.round_to(case.element,
                               rng.standard_normal(case.shape(x)))
            for x in "qkv"}
