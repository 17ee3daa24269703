#===- flex.py - FlexAttention, compiled ------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""FlexAttention as torch.compile makes it: a Triton kernel for each shape. The
block mask is made outside of the time."""

import functools

from attn_bench.peers.peer import Peer, is_grouped

# Cases have more shapes than torch.compile thinks a function should have.
MOST_SHAPES = 1024


def is_kept(b, h, i, j):
    return i >= j


@functools.lru_cache(maxsize=4)
def causal_mask(length, device):
    from torch.nn.attention.flex_attention import create_block_mask
    return create_block_mask(is_kept, None, None, length, length,
                             device=device)


class FlexAttention(Peer):
    name = "flex"
    modules = ("triton", "torch")
    compiles_each_case = True
    compiled = None

    def compile(self):
        import torch
        from torch.nn.attention.flex_attention import flex_attention
        torch._dynamo.config.recompile_limit = MOST_SHAPES
        torch._dynamo.config.accumulated_recompile_limit = MOST_SHAPES
        self.compiled = torch.compile(flex_attention, dynamic=False)

    def prepare(self, case, operands, device):
        if self.compiled is None:
            self.compile()
        mask = (causal_mask(case.length, device.arrays.device)
                if case.function.causal else None)
        grouped = is_grouped(case)
        return lambda: {"output": self.compiled(*operands, block_mask=mask,
                                           enable_gqa=grouped)}
