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
import json
import pathlib
import subprocess
import sys

from attn_testing import sass
from attn_testing.case import Case

ALL = frozenset(operand + dim for operand in "qkv" for dim in "bhs")
COUNTED = ("mma", "ldmatrix", "copy")
LIMIT = 1.4


@dataclasses.dataclass
class Loop:
    dims: tuple
    element: str
    schedule: dict
    counts: dict

    @property
    def padded(self):
        return [-(-dim // 16) * 16 for dim in self.dims]

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


def parse_dims(text):
    first, _, second = text.partition("x")
    return int(first), int(second or first)


def compile_loops(options):
    cases = {}
    for dims in map(parse_dims, options.dims.split(",")):
        for element in ["bf16", "f16"]:
            name = f"d{dims[0]}x{dims[1]}_{element}"
            cases[name] = Case(element=element, dims=dims, dynamic=ALL)
    directory = pathlib.Path(options.directory)
    directory.mkdir(parents=True, exist_ok=True)
    source, cubin = directory / "kernels.mlir", directory / "kernels.cubin"
    source.write_text("".join(c.mlir(name) for name, c in cases.items()))
    flags = [f"--schedule={options.schedule}"] if options.schedule else []
    report = subprocess.run(
        ["attn-compile", source, "--target=sm_80", "--emit=cubin",
         "--report=json", "-o", cubin, *flags], check=True, text=True,
        stdout=subprocess.PIPE).stdout
    code = sass.disassemble(options.nvdisasm, cubin)
    kernels = {k["name"]: k for k in json.loads(report)["kernels"]}
    for name, case in cases.items():
        kernel = kernels[f"{name}_0"]
        schedule = {key: int(value) for key, value in (
            pair.split("=") for pair in kernel["schedule"].split(","))}
        yield Loop(case.dims, case.element, schedule,
                   sass.count(sass.unmasked_loop(code[f"{name}_0"])))


def complaints(loop):
    for kind, expected in loop.expected().items():
        if loop.counts[kind] != expected:
            yield f"{loop.counts[kind]} {kind}, expected {expected}"
    if loop.others > LIMIT * loop.minimum:
        yield (f"{loop.others} other instructions, more than {LIMIT} times "
               f"{loop.minimum:g}")


def print_table(rows):
    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for row in rows[1:]:
        print("| " + " | ".join(str(cell) for cell in row) + " |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("nvdisasm")
    parser.add_argument("directory")
    parser.add_argument("--dims", default="64,80,128,192x128,256")
    parser.add_argument("--schedule")
    parser.add_argument("--classes", action="store_true",
                        help="what the others are")
    options = parser.parse_args()
    kinds = [k for k in sass.CLASSES if k not in COUNTED]
    rows = [["head dims", "type", "q, kv, warps", "mma", "ldmatrix",
             "copies a thread", "others", "minimum", "ratio",
             *(kinds if options.classes else [])]]
    wrong = []
    for loop in compile_loops(options):
        name = "/".join(map(str, loop.dims))
        keys = ", ".join(str(loop.schedule[k]) for k in ("q", "kv", "warps"))
        rows.append([
            name, loop.element, keys, *(loop.counts[k] for k in COUNTED),
            loop.others, f"{loop.minimum:g}",
            f"{loop.others / loop.minimum:.2f}",
            *([loop.counts[k] for k in kinds] if options.classes else [])])
        wrong += [f"{name} {loop.element}: {c}" for c in complaints(loop)]
    print_table(rows)
    if wrong:
        sys.exit("error: " + "; ".join(wrong))


main()
