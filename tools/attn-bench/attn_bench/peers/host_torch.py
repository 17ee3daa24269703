#===- host_torch.py - PyTorch on the processor -----------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What PyTorch's peers of a processor have in common: the arrays themselves,
which numpy made, and as many threads as everyone has."""


def to_torch(array):
    """The same memory; numpy keeps bf16 as integers."""
    import torch
    tensor = torch.from_numpy(array)
    return tensor.view(torch.bfloat16) if tensor.dtype == torch.uint16 else tensor


def to_numpy(tensor):
    import torch
    bits = (tensor.view(torch.uint16) if tensor.dtype == torch.bfloat16
            else tensor)
    return bits.numpy()


def set_up(device):
    import torch
    torch.set_grad_enabled(False)
    torch.set_num_threads(device.threads)


def tensors_of(read):
    """Of clauses, by name."""
    return {name: to_torch(array) for name, array in read.items()}
