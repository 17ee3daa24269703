#===- flex.py - FlexAttention, compiled ------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""FlexAttention as torch.compile makes it: a kernel for each shape, of Triton or,
on a processor, of C++. The block mask is made outside of the time."""

from attn_bench import language
from attn_bench.peers.host_torch import (set_up, tensors_of, to_numpy,
                                         to_torch)
from attn_bench.peers.peer import Peer, is_grouped

# Cases have more shapes than torch.compile thinks a function should have.
MOST_SHAPES = 1024


def block_mask_of(case, tensors, device):
    from torch.nn.attention.flex_attention import create_block_mask
    keep = language.keep_of(case.function, tensors)
    if keep is None:
        return None
    # No clause keeps other keys in other heads, nor in other batch entries
    # unless it reads of them.
    batch = case.batch if tensors else None
    return create_block_mask(keep, batch, None, case.queries, case.length,
                             device=device)


class FlexAttention(Peer):
    name = "flex"
    modules = ("triton", "torch")
    compiles_each_case = True
    compiled = None

    def __init__(self):
        self.options = {}  # of cases: functions that it has compiled

    def knows(self, clause):
        return True

    def compile(self):
        import torch
        from torch.nn.attention.flex_attention import flex_attention
        torch._dynamo.config.recompile_limit = MOST_SHAPES
        torch._dynamo.config.accumulated_recompile_limit = MOST_SHAPES
        self.compiled = torch.compile(flex_attention, dynamic=False)

    def options_of(self, case, tensors, device):
        """Compiled code is for these very functions, and so they are made
        once."""
        if case not in self.options:
            self.options[case] = {
                "score_mod": language.score_of(case.function, tensors),
                "block_mask": block_mask_of(case, tensors, device),
                "enable_gqa": is_grouped(case)}
        return self.options[case]

    def attend(self, case, operands, tensors, device):
        if self.compiled is None:
            self.compile()
        options = self.options_of(case, tensors, device)
        return lambda: {"output": self.compiled(*operands, **options)}

    def prepare(self, case, operands, device):
        return self.attend(case, operands, operands.tensors,
                           device.arrays.device)


class HostFlexAttention(FlexAttention):
    modules = ("torch",)

    def prepare(self, case, operands, device):
        set_up(device)
        return self.attend(case, [to_torch(x) for x in operands],
                           tensors_of(operands.tensors), "cpu")

    def outputs_of(self, made):
        return {"output": to_numpy(made["output"])}
