#===- host_sdpa.py - PyTorch's attention on the processor -----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""scaled_dot_product_attention on the arrays themselves, held to its fused
kernel or to the composition of products and softmax. Clauses beside a causal
mask become one of pairs, made outside of the time: of booleans, or of what is
added to scores."""

from attn_bench import language, operands as operands_of
from attn_bench.peers import autograd
from attn_bench.peers.host_torch import (set_up, tensors_of, to_numpy,
                                         to_torch)
from attn_bench.peers.peer import HostPeer, is_grouped


def mask_of(case, tensors):
    """Of each pair; heads and batch entries that have the same are one."""
    import torch
    sizes = (case.batch, case.function.query_heads, case.queries, case.length)
    b, h, i, j = (torch.arange(size).view([-1 if n == axis else 1
                                           for n in range(4)])
                  for axis, size in enumerate(sizes))
    keep = language.keep_of(case.function, tensors)
    score = language.score_of(case.function, tensors)
    if score is None:
        return keep(b, h, i, j).contiguous()
    added = score(torch.zeros(()), b, h, i, j)
    if keep is not None:
        added = added.masked_fill(~keep(b, h, i, j), float("-inf"))
    return added.contiguous()


class HostSdpa(HostPeer):
    differentiates = True

    def __init__(self, name, is_flash):
        self.name = name
        self.is_flash = is_flash

    def knows(self, clause):
        return clause.score is None or clause.adds

    def compile(self, case, device):
        if not case.function.clauses:
            return None
        read = operands_of.tensors_of(device.arrays, case)
        return mask_of(case, tensors_of(read))

    def prepare(self, case, operands, device):
        import torch
        set_up(device)
        flash, math = (torch.backends.cuda.enable_flash_sdp,
                       torch.backends.cuda.enable_math_sdp)
        attend = torch.nn.functional.scaled_dot_product_attention
        tensors = [to_torch(x) for x in operands]
        mask = self.program(case, device)
        grouped = is_grouped(case)
        causal = case.function.causal and mask is None

        def run():
            # These switches are for processors, too.
            flash(self.is_flash)
            math(not self.is_flash)
            return attend(*tensors, attn_mask=mask, is_causal=causal,
                          enable_gqa=grouped)
        if case.function.work == "forward":
            return run
        return autograd.differentiated(
            case.function.work, run, tensors,
            to_torch(operands.saved["output_grad"]))

    def outputs_of(self, made):
        if isinstance(made, tuple):
            return {role: to_numpy(x) for role, x in zip(autograd.ROLES, made)}
        return {"output": to_numpy(made)}
