#===- read_gradients.py - Gradients of what scores read --------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Masks that are added, slopes, sinks and captured tensors have gradients, under
dropout as well; in and outside of graphs."""

import unittest

import torch

import attn_mlir
from judging import attention


class ReadGradients(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(4)
        self.operands = [torch.randn(2, 4, 20, 16) for _ in range(3)]
        self.weights = torch.randn(2, 4, 20, 16)

    def compare(self, ours, theirs, read):
        results = []
        for function in ours, theirs:
            leaves = [each.detach().clone().requires_grad_()
                      for each in (*self.operands, *read)]
            loss = (function(*leaves) * self.weights).sum()
            results.append(torch.autograd.grad(loss, leaves))
        for a, b in zip(*results, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)

    def naive(self, q, k, v, **options):
        return attention(q, k, v, dtype=torch.float32, **options)[0]

    def test_masks_that_are_added(self):
        for shape in (20, 20), (2, 1, 1, 20):
            self.compare(
                lambda q, k, v, m: attn_mlir.sdpa(q, k, v, attn_mask=m),
                lambda q, k, v, m: self.naive(q, k, v, attn_mask=m),
                [torch.randn(shape)])

    def test_slopes_and_sinks(self):
        read = [torch.rand(4), torch.randn(4)]
        self.compare(
            lambda q, k, v, a, s: attn_mlir.sdpa(q, k, v, alibi_slopes=a, sinks=s),
            lambda q, k, v, a, s: self.naive(q, k, v, alibi_slopes=a, sinks=s),
            read)

    def test_captures(self):
        def ours(q, k, v, table):
            return attn_mlir.flex_attention(
                q, k, v, score_mod=lambda s, b, h, i, j: s + table[h, i - j + 19])
        places = torch.arange(20)[:, None] - torch.arange(20)[None, :] + 19
        self.compare(ours, lambda q, k, v, table: self.naive(
            q, k, v, score=lambda s: s + table[:, places]), [torch.randn(4, 39)])

    def test_in_a_graph(self):
        compiled = torch.compile(
            lambda q, k, v, m: attn_mlir.sdpa(q, k, v, attn_mask=m),
            fullgraph=True, backend="aot_eager")
        self.compare(compiled, lambda q, k, v, m: self.naive(
            q, k, v, attn_mask=m), [torch.randn(20, 20)])


if __name__ == "__main__":
    unittest.main()
