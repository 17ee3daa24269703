#===- numpy_arrays.py - Arrays in host memory ------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What the driver asks of arrays, by numpy. bf16 values are kept as uint16."""

import numpy

from attnrt import dlpack

STORAGE = {"bf16": numpy.uint16, "f16": numpy.float16, "f32": numpy.float32,
           "i32": numpy.int32}
BITS = {2: numpy.int16, 4: numpy.int32}


def round_to_bf16(values):
    """The upper halves, rounded to nearest even; NaN stays NaN."""
    bits = numpy.ascontiguousarray(values, numpy.float32).view(numpy.uint32)
    rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16
    kept = numpy.where(numpy.isnan(values), 0x7fc0, rounded)
    return kept.astype(numpy.uint16)


class NumpyArrays:
    def normal(self, shape, element, seed):
        """Standard normal, of the element type."""
        return self.of(numpy.random.default_rng(seed).standard_normal(
            shape, numpy.float32), element)

    def of(self, values, element):
        """Values of numpy, rounded to the type."""
        if element == "bf16":
            return round_to_bf16(values)
        return values.astype(STORAGE[element])

    def poison(self, array):
        """Every byte 0xff: a NaN that no instruction makes."""
        array.view(BITS[array.itemsize])[...] = -1

    def poisoned(self, shape, element):
        array = numpy.empty(shape, STORAGE[element])
        self.poison(array)
        return array

    def is_poison(self, array):
        return array.view(BITS[array.itemsize]) == -1

    def describe(self, array, element):
        return dlpack.describe(
            array.ctypes.data, array.shape,
            [stride // array.itemsize for stride in array.strides], element,
            dlpack.CPU)
