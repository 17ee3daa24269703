#===- triton_tutorial.py - Triton's fused attention ------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""The tutorial `06-fused-attention.py` of Triton's source tree, which Triton's
package does not have: --triton says where it is. It takes as many key as query
heads, in [batch, heads, length, dim] without gaps; other operands are copied
into that layout outside of the time."""

import importlib.util
import inspect
import os

from attn_bench.failures import Unsupported
from attn_bench.peers.peer import Peer, is_grouped


class TritonTutorial(Peer):
    modules = ("torch", "triton")
    compiles_each_case = True
    module = None

    def __init__(self, file=None, warp_specialize=False):
        self.name = "triton-tutorial" + ("-ws" if warp_specialize else "")
        self.file = file
        self.warp_specialize = warp_specialize

    def absence(self):
        if self.file is None:
            return "--triton=FILE does not say where 06-fused-attention.py is"
        if not os.path.exists(self.file):
            return f"no file '{self.file}'"
        return super().absence()

    def load(self):
        spec = importlib.util.spec_from_file_location("fused_attention",
                                                      self.file)
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)

    def options(self):
        """Not every release has warp specialisation."""
        forward = inspect.signature(self.module._attention.forward)
        if "warp_specialize" in forward.parameters:
            return [self.warp_specialize]
        if self.warp_specialize:
            raise Unsupported("no warp specialisation in this release")
        return []

    def prepare(self, case, operands, device):
        if is_grouped(case):
            raise Unsupported("no grouped-query attention")
        if case.queries != case.length:
            raise Unsupported("as many queries as keys only")
        if self.module is None:
            self.load()
        q, k, v = (x.contiguous() for x in operands)
        scale = case.function.dim ** -0.5
        arguments = [q, k, v, case.function.causal, scale, *self.options()]
        return lambda: {"output": self.module.attention(*arguments)}
