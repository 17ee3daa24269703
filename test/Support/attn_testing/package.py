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


class DLTensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p),
                ("device_type", ctypes.c_int32),
                ("device_id", ctypes.c_int32),
                ("ndim", ctypes.c_int32),
                ("code", ctypes.c_uint8),
                ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16),
                ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)),
                ("byte_offset", ctypes.c_uint64)]


FLOAT, BFLOAT = 2, 4  # DLDataTypeCode
CPU = 1  # DLDeviceType


def to_storage(element, values):
    """float32 values that are of the element type already."""
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
    step = alignment // array.itemsize * room
    shape = [n + 1 for n in array.shape[:-1]] + [array.shape[-1] + step]
    wide = np.zeros(shape, array.dtype)
    view = wide[tuple(slice(0, n) for n in array.shape)]
    view[...] = array
    return view


def describe(array, data=None, offset=0):
    """The DLTensor of an array; `data` is its address where that is not the
    array's own, `offset` bytes of it are passed as byte_offset."""
    integers = ctypes.c_int64 * array.ndim
    code = BFLOAT if array.dtype == np.uint16 else FLOAT
    address = array.ctypes.data if data is None else data
    return DLTensor(address - offset, CPU, 0, array.ndim, code,
                    8 * array.itemsize, 1, integers(*array.shape),
                    integers(*[s // array.itemsize for s in array.strides]),
                    offset)


def pointers(tensors):
    return (ctypes.POINTER(DLTensor) * len(tensors))(
        *[ctypes.pointer(t) for t in tensors])


class Package:
    def __init__(self, path, runtime):
        self.runtime = ctypes.CDLL(runtime, mode=ctypes.RTLD_GLOBAL)
        self.runtime.attnrtLastError.restype = ctypes.c_char_p
        self.library = ctypes.CDLL(path)

    def check(self, status):
        if status != 0:
            raise RuntimeError(f"status {status}: " +
                               self.runtime.attnrtLastError().decode())

    def judge(self, name, args, results, begin, end):
        """`name` is e.g. "f__reference"; results are f64 arrays."""
        self.check(getattr(self.library, f"attnpkg_{name}")(
            pointers([describe(a, offset=16) for a in args]),
            pointers([describe(r, offset=8) for r in results]),
            ctypes.c_int64(begin), ctypes.c_int64(end)))

    def flops(self, name, args):
        count = ctypes.c_double()
        self.check(getattr(self.library, f"attnpkg_{name}__flops")(
            pointers([describe(a) for a in args]), ctypes.byref(count)))
        return count.value

    def shapes(self, name, args, ranks):
        flat = (ctypes.c_int64 * sum(ranks))()
        self.check(getattr(self.library, f"attnpkg_{name}__shapes")(
            pointers([describe(a) for a in args]), flat))
        values = iter(flat)
        return [tuple(next(values) for _ in range(rank)) for rank in ranks]

    def call(self, name, args, results):
        """On descriptors, on the current device and the default stream."""
        return getattr(self.library, f"attnpkg_{name}")(
            None, pointers(args), pointers(results))


def make_operands(case, rng):
    """Values of the element type as float32, by operand."""
    return {x: oracle.round_to(case.element,
                               rng.standard_normal(case.shape(x)))
            for x in "qkv"}
