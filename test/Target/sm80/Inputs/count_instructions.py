#===- count_instructions.py - The unmasked loop in machine code ------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Counts the instructions of the unmasked loop, and fails where there are more
than the algorithm needs.

Usage: count_instructions.py NVDISASM DIRECTORY [--dims DQK[xDV],...]
         [--schedule KEYS] [--classes]

Per warp of M rows and KV tile of N keys, for head dimensions d padded to 16:

  mma       M/16 * N/8 * (dqk + dv)/16
  ldmatrix  N * (dqk + dv) / 256, and M/16 * dqk/16 where the query does not
            stay in registers
  copies    N * (dqk + dv) / 8 of 16 bytes, shared by the CTA's threads
  others    at most 1.4 * (4.5 + dv/N) for each of the M*N/32 scores that a
            thread holds: an FMA, a maximum, an exponential, an addition and
            half a conversion, and the rescaling of dv/N accumulators.

The kernels have all dimensions dynamic, and an LSE.
"""

import argparse
import dataclasses
import sys

from machinecode import kinds

from attn_testing.instruction_counts import (Kernel, compile_kernels, parse_dims,
                                             print_table, unmasked_loop)

COUNTED = ("mma", "ldmatrix", "copy")
LIMIT = 1.4


@dataclasses.dataclass
class Loop:
    kernel: Kernel
    counts: dict

    @property
    def schedule(self):
        return self.kernel.schedule

    @property
    def padded(self):
        return self.kernel.padded

    @property
    def rows(self):
        return self.schedule["q"] // self.schedule["warps"]

    def expected(self):
        """Of mma, ldmatrix and copy; of the last per thread, rounded up for
        each of K and V."""
        keys, both = self.schedule["kv"], sum(self.padded)
        query = self.rows // 16 * self.padded[0] // 16
        stays = self.rows == 16 and 4 * query <= 32  # registers of a thread
        threads = 32 * self.schedule["warps"]
        return {
            "mma": self.rows // 16 * keys // 8 * both // 16,
            "ldmatrix": keys * both // 256 + (0 if stays else query),
            "copy": sum(-(-keys * dim // 8 // threads) for dim in self.padded)}

    @property
    def others(self):
        return sum(n for kind, n in self.counts.items()
                   if kind not in COUNTED)

    @property
    def minimum(self):
        keys = self.schedule["kv"]
        scores = self.rows * keys // 32
        return scores * (4.5 + self.padded[1] / keys)


def compile_loops(options):
    for kernel in compile_kernels(
            options.nvdisasm, options.directory, "sm_80",
            parse_dims(options.dims), ["bf16", "f16"], options.schedule):
        yield Loop(kernel, kinds.count(unmasked_loop(kernel.blocks)))


def complaints(loop):
    for kind, expected in loop.expected().items():
        if loop.counts[kind] != expected:
            yield f"{loop.counts[kind]} {kind}, expected {expected}"
    if loop.others > LIMIT * loop.minimum:
        yield (f"{loop.others} other instructions, more than {LIMIT} times "
               f"{loop.minimum:g}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("nvdisasm")
    parser.add_argument("directory")
    parser.add_argument("--dims", default="64,80,128,192x128,256")
    parser.add_argument("--schedule")
    parser.add_argument("--classes", action="store_true",
                        help="what the others are")
    options = parser.parse_args()
    classes = [k for k in kinds.CLASSES if k not in COUNTED]
    rows = [["head dims", "type", "q, kv, warps", "mma", "ldmatrix",
             "copies a thread", "others", "minimum", "ratio",
             *(classes if options.classes else [])]]
    wrong = []
    for loop in compile_loops(options):
        name, element = loop.kernel.name, loop.kernel.element
        keys = ", ".join(str(loop.schedule[k]) for k in ("q", "kv", "warps"))
        rows.append([
            name, element, keys, *(loop.counts[k] for k in COUNTED),
            loop.others, f"{loop.minimum:g}",
            f"{loop.others / loop.minimum:.2f}",
            *([loop.counts[k] for k in classes] if options.classes else [])])
        wrong += [f"{name} {element}: {c}" for c in complaints(loop)]
    print_table(rows)
    if wrong:
        sys.exit("error: " + "; ".join(wrong))


main()
