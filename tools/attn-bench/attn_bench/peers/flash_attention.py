#===- flash_attention.py - FlashAttention 2, 3, 4 --------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""The packages of their authors, where they are installed. They take [batch,
length, heads, dim]; causal is bottom-right, which is the same for as many
queries as keys."""

import importlib

from attn_bench.peers.peer import Peer


class FlashAttention(Peer):
    function = "flash_attn_func"

    def prepare(self, case, operands, device):
        module = importlib.import_module(self.modules[-1])
        attend = getattr(module, self.function)
        q, k, v = (x.swapaxes(1, 2) for x in operands)

        def run():
            o = attend(q, k, v, causal=case.function.causal)
            # Releases differ in whether the LSE comes along.
            return {"output": (o[0] if isinstance(o, tuple) else o).swapaxes(1, 2)}
        return run


class FlashAttention2(FlashAttention):
    name = "flash-attn-2"
    modules = ("torch", "flash_attn")

    def absence(self):
        reason = super().absence()
        if reason is None and not hasattr(importlib.import_module(
                "flash_attn"), self.function):
            return f"flash_attn has no {self.function}"
        return reason


class FlashAttention3(FlashAttention):
    name = "flash-attn-3"
    modules = ("torch", "flash_attn_interface")
    distribution = "flash_attn_3"


class FlashAttention4(FlashAttention):
    name = "flash-attn-4"
    modules = ("torch", "flash_attn.cute")
    distribution = "flash_attn_4"
    compiles_each_case = True
