#===- occupancy.py - What the default schedules need -----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Prints the schedule of each head dimension, the registers and shared memory
of its kernel, and how many CTAs of it a multiprocessor holds.

Usage: occupancy.py --bin DIR [--schedule KEYS]

The kernels are those with the most to hold: both masks, all dimensions dynamic,
an LSE. Facts of the chips are from the CUDA C++ programming guide, "Technical
specifications per compute capability". Prints Markdown.
"""

import argparse
import dataclasses
import json
import subprocess
import tempfile

from attn_testing.case import Case

ALL = frozenset(operand + dim for operand in "qkv" for dim in "bhs")
HEAD_DIMS = [(16, 16), (32, 32), (64, 64), (80, 80), (96, 96), (128, 128),
             (192, 128), (192, 192), (256, 256)]


@dataclasses.dataclass
class Chip:
    name: str
    shared_bytes: int  # of a multiprocessor
    threads: int
    ctas: int
    registers: int = 65536

    def resident(self, kernel):
        """CTAs that a multiprocessor holds, and what limits them."""
        warps = kernel["block"][0] // 32
        # Registers come in units of 256 a warp, and 1 KiB is the system's.
        per_warp = -(-kernel["registers"] * 32 // 256) * 256
        shared = kernel["smem_bytes"] + 1024
        limits = {
            "shared memory": self.shared_bytes // shared,
            "registers": self.registers // (per_warp * warps),
            "threads": min(self.threads // (32 * warps), self.ctas)}
        return min((count, name) for name, count in limits.items())


CHIPS = [Chip("sm_80", 164 * 1024, 2048, 32),
         Chip("sm_86, sm_89", 100 * 1024, 1536, 16)]


def compile_kernels(options):
    cases = {f"d{qk}x{v}": Case(dims=(qk, v), causal="bottom_right",
                                window=(100, 0), dynamic=ALL)
             for qk, v in HEAD_DIMS}
    flags = [f"--schedule={options.schedule}"] if options.schedule else []
    with tempfile.NamedTemporaryFile("w", suffix=".mlir") as source:
        source.write("".join(c.mlir(name) for name, c in cases.items()))
        source.flush()
        report = subprocess.run(
            [f"{options.bin}/attn-compile", source.name, "--target=sm_80",
             "--emit=cubin", "-o", "/dev/null", "--report=json", *flags],
            check=True, text=True, stdout=subprocess.PIPE).stdout
    return json.loads(report)["kernels"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--schedule")
    options = parser.parse_args()
    print("| head dims | q | kv | warps | stages | shared memory | registers |",
          " | ".join(f"CTAs, warps on {chip.name}" for chip in CHIPS), "|")
    print("|---" * (7 + len(CHIPS)) + "|")
    for dims, kernel in zip(HEAD_DIMS, compile_kernels(options)):
        keys = dict(pair.split("=") for pair in kernel["schedule"].split(","))
        cells = ["/".join(map(str, dims)),
                 *(keys[k] for k in ("q", "kv", "warps", "stages")),
                 f"{kernel['smem_bytes'] / 1024:g} KiB", kernel["registers"]]
        for chip in CHIPS:
            count, limit = chip.resident(kernel)
            warps = count * kernel["block"][0] // 32
            cells.append(f"{count}, {warps} ({limit})")
        print("| " + " | ".join(map(str, cells)) + " |")


main()
