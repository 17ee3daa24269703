#===- autograd.py - Gradients of PyTorch's peers --------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What a peer computes in PyTorch, differentiated by it."""

ROLES = ("query_grad", "key_grad", "value_grad")


def differentiated(work, attend, tensors, cotangent):
    """`attend` computes the output from query, key and value, which are
    `tensors`: a function that gives their gradients. What attention returned is
    kept for "backward", and computed again for "both"."""
    import torch
    for tensor in tensors:
        tensor.requires_grad_(True)
    with torch.enable_grad():
        kept = attend() if work == "backward" else None

    def run():
        with torch.enable_grad():
            output = attend() if kept is None else kept
        return torch.autograd.grad(output, tensors, cotangent,
                                   retain_graph=kept is not None)
    return run
