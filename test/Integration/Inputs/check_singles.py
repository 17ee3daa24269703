#===- check_singles.py - f32 on GPUs ---------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_singles.py DIRECTORY TARGET

Compiles attention of f32 and counts its matrix instructions; runs it on the
simulator with operands that are not finite, with the sums of tensor cores, and over
1024 queries, and holds its error against that of the same computation in f32.
"""

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys

import numpy as np

from attn_testing.case import Case

ALL = frozenset(operand + dim for operand in "qkv" for dim in "bhs")
PARTS = {"tf32x3": 3, "tf32": 1}
# Loops over tiles of keys: whole ones, and those that need a mask.
LOOPS = 2
MOST_WORKSPACE = 1 << 20


@dataclasses.dataclass
class Checker:
    directory: pathlib.Path
    target: str
    count: int = 0
    failed: int = 0

    def expect(self, holds, what):
        self.count += 1
        if not holds:
            self.failed += 1
            print(what)

    def source(self, case):
        path = self.directory / "f.mlir"
        path.write_text(case.mlir())
        return path

    def compile(self, case, *flags):
        process = subprocess.run(
            ["attn-compile", self.source(case), f"--target={self.target}",
             "--no-relax", "--report=json", *flags], capture_output=True, text=True,
            check=False)
        if process.returncode:
            sys.exit(f"{case}\n{process.stderr}")
        return json.loads(process.stdout)

    def run(self, case, *flags, **environment):
        """The run record."""
        record = self.directory / "record.json"
        process = subprocess.run(
            ["attn-run", self.source(case), "--device=sim",
             f"--target={self.target}", f"--json={record}", *flags],
            env={**os.environ, **environment}, capture_output=True, text=True,
            check=False)
        self.expect(process.returncode == 0,
                    f"{case}\n{process.stdout}{process.stderr}")
        return json.loads(record.read_text())

    def check_products(self):
        """As many as products of the parts that are kept, and no more."""
        for dims, causal in [((16, 24), None), ((64, 32), "bottom_right"),
                             ((128, 128), "bottom_right")]:
            for precision, parts in PARTS.items():
                case = Case(element="f32", dims=dims, dynamic=ALL, causal=causal,
                            precision=precision)
                ptx = self.directory / "f.ptx"
                self.compile(case, "--emit=ptx", "-o", ptx)
                made = self.compile(case, "--emit=cubin", "-o",
                                    self.directory / "f.cubin")
                kernel = made["kernels"][0]
                keys = int(re.search(r"kv=(\d+)", kernel["schedule"])[1])
                expected = LOOPS * parts * keys // 8 * sum(dims) // 8
                found = ptx.read_text().count("mma.sync")
                self.expect(found == expected,
                            f"{case}: {found} products, not {expected}")
                self.expect(kernel["spill_bytes"] == 0, f"{case} spills")

    def check_values(self):
        """Of operands that are not finite, and of very large ones."""
        def change(name, q, k, v):
            if name == "infinite values":
                v[0, 0, 5, 3], v[0, 0, 40, 4] = np.inf, -np.inf
            elif name == "infinite keys":
                np.abs(q, out=q)
                k[0, 0, 7] = -np.inf
            elif name == "no number":
                v[0, 0, 9, 9] = np.nan
                q[0, 0, 11, 2] = np.uint32(0x7fffffff).view(np.float32)
            else:
                v *= np.float32(1e36)

        for name in ["infinite values", "infinite keys", "no number", "large"]:
            case = Case(element="f32", heads=(1, 1), dims=(32, 32),
                        causal="top_left" if name == "no number" else None)
            rng = np.random.default_rng(1)
            operands = [rng.standard_normal(case.shape(x)).astype(np.float32)
                        for x in "qkv"]
            change(name, *operands)
            flags = []
            for n, array in enumerate(operands):
                np.save(self.directory / f"{n}.npy", array)
                flags.append(f"--arg={n}={self.directory / str(n)}.npy")
            record = self.run(case, *flags)
            self.expect(record["verify"]["passed"], f"{name}: {case}")

    def check_errors(self):
        """At most 4 times those of f32, with sums that are chopped."""
        for dims, precision in [((16, 64), None), ((128, 16), "tf32")]:
            case = Case(element="f32", batch=1, heads=(2, 1), lengths=(70, 300),
                        dims=dims, precision=precision)
            record = self.run(case, "--seed=3", ATTNRT_SIM_MATH="exact")
            for output in record["verify"]["outputs"]:
                error, base = (output[x] for x in ("max_abs_error",
                                                   "baseline_max_abs_error"))
                self.expect(error <= 4 * base, f"{case}: {error} beside {base}")

    def check_workspace(self):
        """Arrays are all that a long sequence takes."""
        case = Case(element="f32", batch=8, heads=(1, 1), lengths=(1024, 1024),
                    dims=(16, 16), causal="top_left", dynamic=ALL)
        shape = "x".join(map(str, case.shape("q")))
        record = self.run(case, "--seed=1",
                          *[f"--shape={n}={shape}" for n in range(3)])
        self.expect(record["memory"]["workspace_bytes"] <= MOST_WORKSPACE,
                    f"{case}: {record['memory']}")


def main():
    checker = Checker(pathlib.Path(sys.argv[1]), sys.argv[2])
    checker.directory.mkdir(parents=True, exist_ok=True)
    checker.check_products()
    checker.check_values()
    checker.check_errors()
    checker.check_workspace()
    print(f"{checker.count} checks, {checker.failed} failed")


if __name__ == "__main__":
    main()
