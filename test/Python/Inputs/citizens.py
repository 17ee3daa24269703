#===- citizens.py - Operations among PyTorch's own -------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""torch.compile, torch.export, AMP, checkpoints, opcheck, transformations."""

import unittest

import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

import attn_mlir
from attn_mlir.scaled import program_of


def operands(*sizes, dtype=torch.float32, grad=False):
    generator = torch.Generator().manual_seed(sum(sizes))
    batch, heads, key_heads, queries, keys, dim = sizes
    shapes = (heads, queries), (key_heads, keys), (key_heads, keys)
    return [torch.randn(batch, *shape, dim, generator=generator).to(dtype)
            .requires_grad_(grad) for shape in shapes]


def gradients(function, tensors):
    copies = [each.detach().clone().requires_grad_() for each in tensors]
    output = function(*copies)
    weights = torch.linspace(-1, 1, output.numel()).view(output.shape)
    (output.float() * weights).sum().backward()
    return [output, *(each.grad for each in copies)]


class Citizens(unittest.TestCase):
    def assert_same(self, ours, theirs):
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)

    def ours(self, q, k, v):
        return attn_mlir.sdpa(q, k, v, is_causal=True, enable_gqa=True)

    def theirs(self, q, k, v):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True,
                                              enable_gqa=True)

    def test_head_dims_of_any_size(self):
        q, k, v = operands(2, 4, 2, 17, 19, 20)
        for tensors in ([q, k, v], [q, k, v[..., :12]], [q, k, v[..., :16]],
                        [q[..., :16], k[..., :16], v]):
            self.assert_same(
                gradients(lambda *each: attn_mlir.sdpa(*each, enable_gqa=True),
                          tensors),
                gradients(lambda *each: F.scaled_dot_product_attention(
                    *each, enable_gqa=True), tensors))

    def test_opcheck(self):
        program = program_of(None, "top_left", None, None, 0.0, ()).text
        for grad in False, True:
            args = (*operands(2, 4, 2, 17, 17, 16, grad=grad), [], program)
            torch.library.opcheck(torch.ops.attn_mlir.attention.default, args)
        q, k, v = (each.transpose(1, 2).contiguous().transpose(1, 2)
                   for each in operands(2, 4, 2, 17, 17, 16))
        torch.library.opcheck(torch.ops.attn_mlir.attention.default,
                              (q, k, v, [], program))

    def test_compile(self):
        tensors = operands(2, 4, 2, 17, 17, 16)
        compiled = torch.compile(self.ours, fullgraph=True)
        self.assert_same(gradients(compiled, tensors),
                         gradients(self.theirs, tensors))

    def test_compile_with_dynamic_lengths(self):
        compiled = torch.compile(self.ours, fullgraph=True, dynamic=True,
                                 backend="aot_eager")
        for length in 17, 40, 64:
            tensors = operands(2, 4, 2, length, length, 16)
            self.assert_same(gradients(compiled, tensors),
                             gradients(self.theirs, tensors))

    def test_flex_attention_ends_a_graph(self):
        q, k, v = operands(1, 2, 2, 9, 9, 16)
        slopes = torch.rand(2)

        def layer(q, k, v):
            return attn_mlir.flex_attention(
                q * 2, k, v,
                score_mod=lambda s, b, h, i, j: s - slopes[h] * (i - j)) + 1
        compiled = torch.compile(layer, backend="eager")
        self.assert_same([compiled(q, k, v)], [layer(q, k, v)])

    def test_export(self):
        outer = self

        class Layer(torch.nn.Module):
            def forward(self, q, k, v):
                return outer.ours(q, k, v) * 2

        tensors = operands(2, 4, 2, 17, 17, 16)
        length = torch.export.Dim("length", min=2, max=4096)
        program = torch.export.export(
            Layer(), tuple(tensors), dynamic_shapes=[{2: length}] * 3)
        longer = operands(2, 4, 2, 33, 33, 16)
        self.assert_same([program.module()(*longer)],
                         [self.theirs(*longer) * 2])

    def test_autocast(self):
        tensors = operands(2, 4, 2, 17, 17, 16)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            ours = gradients(self.ours, tensors)
            theirs = gradients(self.theirs, tensors)
        self.assertEqual(ours[0].dtype, torch.bfloat16)
        self.assertEqual(ours[1].dtype, torch.float32)
        for a, b in zip(ours, theirs):
            torch.testing.assert_close(a, b, rtol=2e-2, atol=2e-2)

    def test_checkpoint(self):
        tensors = operands(2, 4, 2, 17, 17, 16)
        for reentrant in False, True:
            kept = gradients(lambda *each: checkpoint(
                self.ours, *each, use_reentrant=reentrant), tensors)
            self.assert_same(kept, gradients(self.theirs, tensors))

    def test_dropout_is_the_same_again(self):
        tensors = operands(1, 4, 4, 40, 40, 16)

        def drop():
            torch.manual_seed(5)
            return attn_mlir.sdpa(*tensors, dropout_p=0.3)
        self.assertTrue(torch.equal(drop(), drop()))
        self.assertFalse(torch.equal(
            drop(), attn_mlir.sdpa(*tensors, dropout_p=0.3)))

    def test_fake_tensors(self):
        from torch._subclasses.fake_tensor import FakeTensorMode
        with FakeTensorMode() as mode:
            q, k, v = (mode.from_tensor(each)
                       for each in operands(2, 4, 2, 17, 17, 16))
            output, lse = attn_mlir.sdpa(q, k, v, enable_gqa=True,
                                         return_lse=True)
        self.assertEqual(output.shape, (2, 4, 17, 16))
        self.assertEqual(lse.shape, (2, 4, 17))

    def test_meta_gradients_of_the_lse(self):
        tensors = operands(1, 2, 2, 9, 9, 16)

        def ours(q, k, v):
            return attn_mlir.sdpa(q, k, v, return_lse=True)[1]

        def theirs(q, k, v):
            return torch.logsumexp(q @ k.mT / 4 + 0 * v.sum(), dim=-1)
        self.assert_same(gradients(ours, tensors), gradients(theirs, tensors))

    def test_second_gradients_are_refused(self):
        q, k, v = operands(1, 2, 2, 9, 9, 16, grad=True)
        grad, = torch.autograd.grad(attn_mlir.sdpa(q, k, v).sum(), q,
                                    create_graph=True)
        with self.assertRaises(RuntimeError):
            grad.sum().backward()


if __name__ == "__main__":
    unittest.main()
