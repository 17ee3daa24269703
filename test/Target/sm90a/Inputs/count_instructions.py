#===- count_instructions.py - The unmasked loop in machine code ------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Counts the instructions of the consumers' unmasked loop, by what executes them,
and fails where there are more than the algorithm needs.

Usage: count_instructions.py NVDISASM DIRECTORY [--dims DQK[xDV],...]
         [--schedule KEYS] [--others LIMIT] [--classes]

Per warp and KV tile of N keys, for head dimensions d padded to 16:

  HGMMA     dqk/16 + N/16, of 64 rows and all columns
  fences    WARPGROUP.ARRIVE: one for each of the two products; in the whole kernel,
            as many as the PTX has wgmma.fence
  vector    at most 1.15 * (4.5 + dv/N) for each of the N/2 scores that a thread
            holds: an FMA, a maximum, an exponential, an addition and half a
            conversion, and the rescaling of dv/N accumulators. Everything counts
            that the ALU, FMA, MUFU and conversion pipes execute, integers, moves
            and predicates too.
  others    all but HGMMA: at most 1.4 times the same, or what is told. Vector,
            those of the uniform datapath (with R2UR), and control: barriers,
            shuffles, branches.
  local     no access to local memory, anywhere in the kernel
"""

import argparse
import collections
import dataclasses
import re
import sys

from machinecode import kinds

from attn_testing.instruction_counts import (Kernel, compile_kernels, parse_dims,
                                             print_table, unmasked_loop)

VECTOR_LIMIT = 1.15


@dataclasses.dataclass
class Loop:
    kernel: Kernel
    body: list

    def __post_init__(self):
        self.counts = collections.Counter(map(kinds.datapath, self.body))
        self.others = len(self.body) - self.counts["matrix"]
        self.fences = count_fences(self.body)

    @property
    def keys(self):
        return self.kernel.schedule["kv"]

    @property
    def products(self):
        return (self.kernel.padded[0] + self.keys) // 16

    @property
    def minimum(self):
        return self.keys / 2 * (4.5 + self.kernel.padded[1] / self.keys)


def count_fences(instructions):
    return sum(i.opcode == "WARPGROUP.ARRIVE" for i in instructions)


def complaints(loop, limit):
    code = [i for block in loop.kernel.blocks for i in block.instructions]
    asked = len(re.findall(r"wgmma\.fence", loop.kernel.ptx))
    if loop.counts["matrix"] != loop.products:
        yield f"{loop.counts['matrix']} HGMMA, expected {loop.products}"
    if loop.fences != 2 or count_fences(code) != asked:
        yield (f"{loop.fences} WARPGROUP.ARRIVE, expected 2; "
               f"{count_fences(code)} in all, expected {asked}")
    if loop.counts["vector"] > VECTOR_LIMIT * loop.minimum:
        yield (f"{loop.counts['vector']} vector instructions, more than "
               f"{VECTOR_LIMIT} times {loop.minimum:g}")
    if loop.others > limit * loop.minimum:
        yield (f"{loop.others} other instructions, more than {limit} times "
               f"{loop.minimum:g}")
    local = sum(i.name in ("LDL", "STL") for i in code)
    if local:
        yield f"{local} accesses to local memory"


def row(loop):
    return [loop.kernel.name, loop.keys, loop.counts["matrix"],
            f"{loop.minimum:g}",
            loop.counts["vector"],
            f"{loop.counts['vector'] / loop.minimum:.2f}",
            loop.counts["uniform"], loop.counts["control"], loop.others,
            f"{loop.others / loop.minimum:.2f}",
            f"{(loop.others - loop.counts['uniform']) / loop.minimum:.2f}"]


def print_classes(loop):
    names = collections.defaultdict(collections.Counter)
    for instruction in loop.body:
        names[kinds.datapath(instruction)][instruction.name] += 1
    for kind in ("vector", "uniform", "control"):
        print(f"{loop.kernel.name} {kind}: " + ", ".join(
            f"{n} {name}" for name, n in names[kind].most_common()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("nvdisasm")
    parser.add_argument("directory")
    parser.add_argument("--dims", default="64,80,128,192x128,192,256")
    parser.add_argument("--schedule")
    parser.add_argument("--others", type=float, default=1.4,
                        help="times the minimum")
    parser.add_argument("--classes", action="store_true",
                        help="name the instructions")
    options = parser.parse_args()
    loops = [Loop(kernel, unmasked_loop(kernel.blocks))
             for kernel in compile_kernels(
                 options.nvdisasm, options.directory, "sm_90a",
                 parse_dims(options.dims), ["bf16"], options.schedule)]
    print_table([["head dims", "kv", "HGMMA", "minimum", "vector", "ratio",
                  "uniform", "control", "all others", "ratio",
                  "without uniform"],
                 *map(row, loops)])
    if options.classes:
        for loop in loops:
            print_classes(loop)
    wrong = [f"{loop.kernel.name}: {complaint}" for loop in loops
             for complaint in complaints(loop, options.others)]
    if wrong:
        sys.exit("error: " + "; ".join(wrong))


main()
