#===- cached.py - The cache of packages ------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Types and masks are compiled once, whoever asks and with whatever lengths."""

import os
import shutil
import subprocess
import sys
import unittest
from unittest import mock

import torch

import attn_mlir
from attn_mlir import cache, compiler, settings

FOLDER = sys.argv.pop(1)
CALL = ("import torch, attn_mlir; q = torch.ones(1, 2, 5, 8); "
        "print(attn_mlir.sdpa(q, q, q, scale=0.7).sum().item())")


def use(folder, megabytes="1024"):
    os.environ.update(ATTN_MLIR_CACHE=folder, ATTN_MLIR_CACHE_MB=megabytes)
    settings.reload()


class Counted:
    """Counts how often the compiler is started."""

    def __enter__(self):
        self.count, run = 0, compiler.run

        def counted(*args):
            self.count += 1
            return run(*args)
        self.patch = mock.patch.object(compiler, "run", counted)
        self.patch.start()
        return self

    def __exit__(self, *_):
        self.patch.stop()


class Cached(unittest.TestCase):
    def setUp(self):
        shutil.rmtree(FOLDER, ignore_errors=True)
        use(FOLDER)

    def test_lengths_batches_and_masks_are_not_compiled_for(self):
        with Counted() as compiled:
            for batch, queries, keys in (1, 5, 5), (3, 17, 40), (2, 130, 1):
                q, k = torch.randn(batch, 2, queries, 8), torch.randn(batch, 2, keys, 8)
                attn_mlir.sdpa(q, k, k, attn_mask=torch.rand(
                    batch, 1, queries, keys) < 0.5 if min(batch, queries, keys) > 1
                    else torch.rand(batch, 2, queries, keys) < 0.5)
                docs = torch.randint(3, (batch, max(queries, keys)))
                attn_mlir.flex_attention(
                    q, k, k, mask_mod=lambda b, h, i, j: docs[b, i] == docs[b, j])
        # The mask of one batch entry, head, query and key each counts as four
        # types at most; documents are one.
        self.assertLessEqual(compiled.count, 4)

    def test_eight_processes(self):
        children = [subprocess.Popen([sys.executable, "-c", CALL],
                                     stdout=subprocess.PIPE, text=True)
                    for _ in range(8)]
        said = {child.communicate()[0] for child in children}
        self.assertEqual([child.returncode for child in children], [0] * 8)
        self.assertEqual(said, {"80.0\n"})
        self.assertEqual(len(cache.entries()), 1)
        self.assertEqual([name for name in os.listdir(FOLDER)
                          if name.startswith("making")], [])

    def test_bounded(self):
        def make(path):
            with open(path, "wb") as file:
                file.write(bytes(400 << 10))
        use(FOLDER, "1")
        for age, key in enumerate("abc"):
            cache.find_or_make(key, make)
            os.utime(cache.path_of(key), (age, age))
            if key == "b":  # used again, it stays
                cache.find("a")
        left = {os.path.basename(path)[0] for _, _, path in cache.entries()}
        self.assertEqual(left, {"a", "c"})

    def test_a_failure_leaves_nothing(self):
        def fail(path):
            raise RuntimeError("no")
        with self.assertRaises(RuntimeError):
            cache.find_or_make("x", fail)
        self.assertEqual([name for name in os.listdir(FOLDER)
                          if not name.endswith(".lock")], [])

    def test_traces_follow_their_functions(self):
        q = torch.randn(1, 2, 9, 8)
        tables = [torch.zeros(9), torch.arange(9.0)]

        def call(table, factor):
            return attn_mlir.flex_attention(
                q, q, q, score_mod=lambda s, b, h, i, j: s * factor + table[j])
        exact = [torch.softmax(q @ q.mT / 8 ** 0.5 * factor + table, -1) @ q
                 for table in tables for factor in (1, 2)]
        for _ in range(2):
            got = [call(table, factor) for table in tables for factor in (1, 2)]
            for a, b in zip(got, exact):
                torch.testing.assert_close(a, b)
        # What a function computes of a tensor is computed each time.
        number = torch.tensor(1.0)

        def scaled(s, b, h, i, j):
            return s * float(number)
        for value in 1.0, 3.0:
            number.fill_(value)
            torch.testing.assert_close(
                attn_mlir.flex_attention(q, q, q, score_mod=scaled),
                torch.softmax(q @ q.mT / 8 ** 0.5 * value, -1) @ q)


if __name__ == "__main__":
    unittest.main()
