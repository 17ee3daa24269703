#===- dlpack.py - Arrays as C sees them ------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""DLTensor of dlpack.h, and rows of pointers to it."""

import ctypes


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


CPU, CUDA = 1, 2  # DLDeviceType
# DLDataTypeCode and bits of each element type.
TYPES = {"f16": (2, 16), "bf16": (4, 16), "f32": (2, 32), "f64": (2, 64),
         "i32": (0, 32), "i64": (0, 64), "i1": (6, 8), "i8": (0, 8)}

Pointer = ctypes.POINTER(DLTensor)


def describe(address, shape, strides, element, device=CPU, device_id=0,
             offset=0):
    """Strides are in elements. The arrays that the descriptor points at are
    its own; the data is not."""
    integers = ctypes.c_int64 * len(shape)
    code, bits = TYPES[element]
    return DLTensor(address, device, device_id, len(shape), code, bits, 1,
                    integers(*shape), integers(*strides), offset)


def describe_shape(shape, element):
    """A tensor without data, for functions that read shapes only."""
    strides = [1] * len(shape)
    for i in range(len(shape) - 1, 0, -1):
        strides[i - 1] = strides[i] * shape[i]
    return describe(None, shape, strides, element)


def pointers(tensors):
    """None is a null pointer."""
    return (Pointer * len(tensors))(
        *[Pointer() if t is None else ctypes.pointer(t) for t in tensors])
