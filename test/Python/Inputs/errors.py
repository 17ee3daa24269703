#===- errors.py - What callers get wrong -----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Each mistake raises the exception that fits, with one line that names what was
expected and what came."""

import os
import tempfile
import unittest
import warnings

import torch

import attn_mlir
from attn_mlir import settings


def tensors(heads=4, key_heads=4, dtype=torch.float32, dim=16, keys=9):
    return (torch.randn(2, heads, 9, dim).to(dtype),
            torch.randn(2, key_heads, keys, dim).to(dtype),
            torch.randn(2, key_heads, keys, dim).to(dtype))


class Errors(unittest.TestCase):
    def refused(self, kind, text, *args, function=attn_mlir.sdpa, **options):
        with self.assertRaises(kind) as caught:
            function(*args, **options)
        said = str(caught.exception)
        self.assertIn(text, said)
        self.assertEqual(len(said.splitlines()), 1, said)

    def test_ranks(self):
        q, k, v = tensors()
        self.refused(ValueError, "query: expected rank 4", q[0], k, v)
        self.refused(ValueError, "value: expected rank 4", q, k, v[0])
        self.refused(ValueError, "key: expected rank 4", q, k[None], v)

    def test_types(self):
        q, k, v = tensors()
        self.refused(TypeError, "key: expected float32 as query is, got float16",
                     q, k.half(), v)
        self.refused(TypeError, "got float64", q.double(), k.double(), v.double())
        self.refused(TypeError, "got complex64", q + 0j, k + 0j, v + 0j)
        self.refused(TypeError, "expected a tensor, got list", [1], k, v)
        self.refused(TypeError, "got int64", *(each.long() for each in (q, k, v)))
        self.refused(TypeError, "expected a strided tensor", q.to_sparse(), k, v)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            quantised = torch.quantize_per_tensor(q, 0.1, 0, torch.qint8)
        self.refused(TypeError, "got qint8", quantised, k, v)

    def test_devices(self):
        q, k, v = tensors()
        self.refused(ValueError, "key: expected it on cpu as query is, got meta",
                     q, k.to("meta"), v)

    def test_shapes(self):
        q, k, v = tensors()
        self.refused(ValueError, "expected one batch size, got 2, 1 and 1",
                     q, k[:1], v[:1])
        self.refused(ValueError, "value: expected heads and length of key (4, 9)",
                     q, k, v[:, :, :5])
        self.refused(ValueError, "key: expected the head dim of query, 16, got 8",
                     q, k[..., :8], v)
        self.refused(ValueError, "enable_gqa=True shares key heads",
                     q, k[:, :2], v[:, :2])
        self.refused(ValueError, "query: expected a multiple of the 3 heads",
                     q, k[:, :3], v[:, :3], enable_gqa=True)
        self.refused(NotImplementedError, "head dim 264 is not supported",
                     *tensors(dim=264))

    def test_masks(self):
        q, k, v = tensors(keys=7)
        for mask in (torch.ones(9, 8), torch.ones(3, 1, 9, 7),
                     torch.ones(2, 4, 9, 6) > 0):
            self.refused(ValueError, "attn_mask: expected a shape that broadcasts "
                         "to (2, 4, 9, 7)", q, k, v, attn_mask=mask)
        self.refused(ValueError, "rank 4 at most", q, k, v,
                     attn_mask=torch.ones(1, 2, 4, 9, 7))
        self.refused(TypeError, "attn_mask: expected bool, float16", q, k, v,
                     attn_mask=torch.ones(9, 7).int())
        self.refused(ValueError, "expected none beside is_causal=True", q, k, v,
                     attn_mask=torch.ones(9, 7), is_causal=True)
        # What was right once does not make the next one right.
        attn_mlir.sdpa(q, k, v, attn_mask=torch.zeros(9, 7))
        self.refused(ValueError, "broadcasts", q, k, v,
                     attn_mask=torch.zeros(9, 8))

    def test_clauses(self):
        q, k, v = tensors()
        self.refused(ValueError, "window: expected", q, k, v, window=3)
        self.refused(ValueError, "window: expected", q, k, v, window=(-1, 0))
        self.refused(ValueError, "causal: expected", q, k, v, causal="left")
        self.refused(ValueError, "causal: expected none beside is_causal=True",
                     q, k, v, is_causal=True, causal=3)
        self.refused(ValueError, "scale: expected a finite number", q, k, v,
                     scale=float("nan"))
        self.refused(ValueError, "dropout_p: expected", q, k, v, dropout_p=1.0)
        self.refused(ValueError, "slopes: expected 4 values", q, k, v,
                     alibi_slopes=torch.rand(3))
        self.refused(ValueError, "sinks: expected 4 values", q, k, v,
                     sinks=torch.rand(5))
        self.refused(attn_mlir.CompileError, "softcap", q, k, v, softcap=-1.0)

    def test_gradients_that_are_not_there(self):
        q, k, v = (each.requires_grad_() for each in tensors())
        # Now, and not in the backward pass.
        self.refused(NotImplementedError, "mask_mod", q, k, v,
                     function=attn_mlir.flex_attention,
                     mask_mod=lambda b, h, i, j: torch.cumsum(i, 0) > 3)

    def test_user_functions(self):
        q, k, v = tensors()
        table = torch.randn(9, 9)

        def branches(score, b, h, i, j):
            if i > j:
                return score
            return score * 2

        def rows(score, b, h, i, j):
            return score + table[i]

        def unknown(score, b, h, i, j):
            return torch.cumsum(score, 0)

        for function, line in (branches, "if i > j:"), \
                (rows, "return score + table[i]"), \
                (unknown, "return torch.cumsum(score, 0)"):
            self.refused(NotImplementedError, f"in `{line}`", q, k, v,
                         function=attn_mlir.flex_attention, score_mod=function)
        self.refused(NotImplementedError, "errors.py:", q, k, v,
                     function=attn_mlir.flex_attention, score_mod=rows)
        self.refused(TypeError, "expected a function that returns", q, k, v,
                     function=attn_mlir.flex_attention,
                     mask_mod=lambda b, h, i, j: None)
        with self.assertRaises(ZeroDivisionError):  # the user's own stays
            attn_mlir.flex_attention(q, k, v,
                                     score_mod=lambda s, b, h, i, j: s + 1 // 0)

    def test_small_tables(self):
        q, k, v = tensors()
        short = torch.randn(8)
        self.refused(ValueError, "dimension", q, k, v,
                     function=attn_mlir.flex_attention,
                     score_mod=lambda s, b, h, i, j: s + short[j])

    def test_unwritable_cache(self):
        q, k, v = tensors(dim=24)
        with tempfile.NamedTemporaryFile() as file:
            os.environ["ATTN_MLIR_CACHE"], before = file.name, \
                os.environ["ATTN_MLIR_CACHE"]
            settings.reload()
            try:
                self.refused(attn_mlir.CacheError, "cannot use the cache", q, k, v,
                             scale=0.123)
                self.refused(OSError, "ATTN_MLIR_CACHE", q, k, v, scale=0.124)
            finally:
                os.environ["ATTN_MLIR_CACHE"] = before
                settings.reload()

    def test_settings(self):
        for name in "ATTN_MLIR_DEVICE", "ATTN_MLIR_CACHE_MB":
            os.environ[name] = "wrong"
            try:
                with self.assertRaisesRegex(ValueError, name):
                    settings.reload()
            finally:
                del os.environ[name]
                settings.reload()

    def test_float32_on_the_simulator(self):
        os.environ["ATTN_MLIR_DEVICE"] = "sim"
        settings.reload()
        try:
            self.refused(NotImplementedError, "nearest are bfloat16 and float16",
                         *tensors())
        finally:
            del os.environ["ATTN_MLIR_DEVICE"]
            settings.reload()
        self.assertTrue(attn_mlir.sdpa(*tensors()).isfinite().all())

    def test_copies_are_said_once(self):
        q, k, v = tensors()
        odd = torch.randn(2, 4, 16, 9).mT
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(3):
                same = attn_mlir.sdpa(odd, k, v)
        said = [str(each.message) for each in caught]
        self.assertEqual(said, ["attn_mlir copies query, since its innermost "
                                "stride is 9 (said once)"])
        self.assertTrue(torch.equal(same, attn_mlir.sdpa(odd.contiguous(), k, v)))


if __name__ == "__main__":
    unittest.main()
