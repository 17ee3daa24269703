#===- campaign.py - One configuration of the random campaign ---------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Compiles, runs and judges one random configuration.

Usage: campaign.py --bin DIR --output DIR --seed N --case N [--target NAME]
                   [--language] [--single]

`--language` draws scores and masks of any form (programs.py), `--single`
operands of f32.

Exits 0 and prints nothing when attn-run finds no hazard, its judge is content,
and (for configurations with arrays of their own) numpy agrees under the same
rule. What it ran stays in the output directory when it failed.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np

from attn_testing import language, oracle, programs
from attn_testing.generator import configuration, make_values


def shape_text(shape):
    return "x".join(str(n) for n in shape)


class Run:
    def __init__(self, config, target, binaries, directory):
        self.config, self.case, self.target = config, config.case, target
        self.program = config.program
        self.binaries, self.directory = binaries, directory
        self.command = []

    def path(self, name):
        return os.path.join(self.directory, name)

    def shapes(self):
        """Of all arguments, by name and in order."""
        shapes = {x: self.case.shape(x) for x in "qkv"}
        if self.program:
            shapes.update((t.name, self.program.shape(t))
                          for t in self.program.tensors())
        return shapes

    def make_operands(self):
        rng = np.random.default_rng(self.config.seed)
        if self.program:
            return self.program.values(rng, self.config.values)
        return {x: make_values(self.config.values, rng, self.case.shape(x))
                for x in "qkv"}

    def input_flags(self):
        shapes = self.shapes()
        if self.config.inputs == "seeded":
            self.operands = None
            return [f"--seed={self.config.seed}"] + [
                f"--shape={n}={shape_text(shape)}"
                for n, shape in enumerate(shapes.values()) if shape]
        self.operands = self.make_operands()
        for x, values in self.operands.items():
            np.save(self.path(f"{x}.npy"), values)
        for x in "qkv":
            self.operands[x] = oracle.round_to(self.case.element,
                                               self.operands[x])
        return [f"--arg={n}={self.path(x + '.npy')}"
                for n, x in enumerate(shapes)] + [
            f"--result={n}={self.path(x + '.npy')}"
            for n, x in enumerate(self.case.results)]

    def execute(self):
        """The process that ran attn-run."""
        source = self.path("f.mlir")
        pathlib.Path(source).write_text((self.program or self.case).mlir(),
                                        encoding="utf-8")
        self.command = [os.path.join(self.binaries, "attn-run"), source,
                        "--device=sim", f"--target={self.target}",
                        f"--json={self.path('record.json')}",
                        *self.input_flags()]
        if self.case.schedule:
            self.command.append(f"--schedule={self.case.schedule}")
        environment = dict(os.environ, **self.environment())
        return subprocess.run(self.command, env=environment,
                              capture_output=True, text=True, check=False)

    def environment(self):
        """Warps and asynchronous work in another order each time."""
        policies = ["late", "early", "torn", f"random:{self.config.seed % 1000}"]
        return {"ATTNRT_SIM_SEED": str(self.config.sim_seed),
                "ATTNRT_SIM_SCHEDULE": policies[self.config.sim_seed % 4]}

    def check_record(self):
        with open(self.path("record.json"), encoding="utf-8") as file:
            record = json.load(file)
        if record["sim"]["hazards"]:
            return f"hazards: {record['sim']['hazards'][0]}"
        if not record["verify"]["passed"]:
            return f"not verified: {record['verify']}"
        for kernel in record["kernels"]:
            if kernel["spill_bytes"]:
                return f"spills {kernel['spill_bytes']} bytes"
        return ""

    def expected(self, exact):
        if self.program:
            return language.attention(self.program, self.operands, exact)
        return oracle.attention(self.case, *(self.operands[x] for x in "qkv"),
                                exact=exact)

    def check_arrays(self):
        if self.operands is None:
            return ""
        reference, baseline = (self.expected(exact) for exact in (True, False))
        for x in self.case.results:
            actual = np.load(self.path(f"{x}.npy"))
            if actual.shape != self.case.shape(x):
                return f"{x}: expected {self.case.shape(x)}, got {actual.shape}"
            wrong = oracle.judge(self.case, x, actual.astype(np.float64),
                                 reference[x], baseline[x],
                                 oracle.chain(self.case, self.target))
            if wrong:
                return f"numpy does not agree: {wrong}"
        return ""

    def check(self):
        """What is wrong, or an empty string."""
        process = self.execute()
        if process.returncode != 0:
            return (f"exit status {process.returncode}\n{process.stdout}"
                    f"{process.stderr}")
        return self.check_record() or self.check_arrays()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--case", type=int, required=True)
    parser.add_argument("--target", default="sm_80")
    parser.add_argument("--language", action="store_true")
    parser.add_argument("--single", action="store_true")
    options = parser.parse_args()

    draw = programs.configuration if options.language else configuration
    config = draw(options.seed, options.case,
                  "single" if options.single else options.target)
    shutil.rmtree(options.output, ignore_errors=True)
    os.makedirs(options.output)
    run = Run(config, options.target, options.bin, options.output)
    wrong = run.check()
    if not wrong:
        shutil.rmtree(options.output)
        return 0
    print(f"{config}\n{(config.program or config.case).mlir()}\n"
          f"{' '.join('='.join(item) for item in run.environment().items())} "
          f"{' '.join(run.command)}\n\n"
          f"{wrong}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
