#===- host_sdpa.py - PyTorch's attention on the processor -----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""scaled_dot_product_attention on the arrays themselves, held to its fused
kernel or to the composition of products and softmax."""

from attn_bench.peers.peer import Peer, is_grouped


def to_torch(array, element):
    """The same memory; numpy keeps bf16 as integers."""
    import torch
    tensor = torch.from_numpy(array)
    return tensor.view(torch.bfloat16) if element == "bf16" else tensor


class HostSdpa(Peer):
    def __init__(self, name, is_flash):
        self.name = name
        self.is_flash = is_flash

    def prepare(self, case, operands, device):
        import torch
        torch.set_grad_enabled(False)
        torch.set_num_threads(device.threads)
        flash, math = (torch.backends.cuda.enable_flash_sdp,
                       torch.backends.cuda.enable_math_sdp)
        attend = torch.nn.functional.scaled_dot_product_attention
        tensors = [to_torch(x, case.function.element) for x in operands]
        grouped, causal = is_grouped(case), case.function.causal

        def run():
            # These switches are for processors, too.
            flash(self.is_flash)
            math(not self.is_flash)
            return attend(*tensors, is_causal=causal, enable_gqa=grouped)
        return run

    def outputs_of(self, made):
        import torch
        bits = made.view(torch.uint16) if made.dtype == torch.bfloat16 else made
        return {"output": bits.numpy()}
