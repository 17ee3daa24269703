#===- torch_arrays.py - Arrays of PyTorch ----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What the driver asks of arrays, by PyTorch, on a GPU or on the host."""

import torch

from attnrt import dlpack

STORAGE = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32,
           "i32": torch.int32}
BITS = {2: torch.int16, 4: torch.int32}


class TorchArrays:
    def __init__(self, device):
        self.device = device

    def normal(self, shape, element, seed):
        """Standard normal, of the element type."""
        generator = torch.Generator(self.device).manual_seed(seed)
        values = torch.randn(shape, generator=generator, device=self.device)
        return values.to(STORAGE[element])

    def of(self, values, element):
        """Values of numpy, rounded to the type."""
        return torch.from_numpy(values).to(self.device, STORAGE[element])

    def poison(self, array):
        """Every byte 0xff: a NaN that no instruction makes."""
        array.view(BITS[array.element_size()]).fill_(-1)

    def poisoned(self, shape, element):
        array = torch.empty(shape, dtype=STORAGE[element], device=self.device)
        self.poison(array)
        return array

    def is_poison(self, array):
        return array.view(BITS[array.element_size()]) == -1

    def describe(self, array, element):
        where = ((dlpack.CUDA, array.device.index) if array.is_cuda
                 else (dlpack.CPU, 0))
        return dlpack.describe(array.data_ptr(), array.shape, array.stride(),
                               element, *where)
