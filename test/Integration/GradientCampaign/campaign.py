#===- campaign.py - One configuration with its gradients ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Compiles the gradients of one random configuration, runs and judges them.

Usage: campaign.py --bin DIR --output DIR --seed N --case N --target NAME
                   [--single]

Half of them have a soft cap at most, the others scores and masks of any form
(programs.py), with the gradients of all tensors that scores read. Every third
configuration takes output and LSE from numpy (--vjp=saved); the others compute
them again. Exits 0 and prints nothing when attn-run finds no hazard, its judge
is content, and numpy agrees under the same rule. What it ran stays in the output
directory when it failed. `--single` draws operands of f32 on GPUs.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np

from attn_testing import generator, gradients, oracle, programs
from attn_testing.language import Program

MOST_FLOPS = 1e7  # of one attention: the judges are naive
SCHEDULES = {
    "sm_80": [None, None, "keys.rows=32,keys.warps=2,queries.step=32",
              "keys.step=16,keys.stages=1,queries.rows=128,queries.warps=8",
              "keys.parted=1,deterministic=1"],
    "sm_90a": [None, None, "keys.rows=64,keys.warps=4,queries.step=16",
               "keys.stages=1,queries.stages=3,queries.step=16",
               "keys.parted=1,deterministic=1"],
    "single": [None, None, "keys.rows=32,keys.warps=2,queries.step=16",
               "keys.parted=1,keys.stages=1"],
    "host": [None, None, "keys.rows=24,keys.step=48,queries.rows=40",
             "keys.parted=1,queries.step=16", "keys.rows=8,queries.rows=8"],
}


def of_any_form(seed, number, target):
    """A program without producers; None where masks read floats, which have no
    gradients."""
    program = programs.program(seed, number, target)
    program = dataclasses.replace(program, chains={}, transposed=False)
    floats = [t for t in program.tensors() if t.element in gradients.FLOATS]
    if len(gradients.differentiated(program)) < len(floats):
        return None
    return program


def with_gradients(case, number, target):
    """The configuration as far as it has gradients."""
    batch, heads = generator.shrink(MOST_FLOPS, case.batch, case.heads,
                                    case.lengths, case.dims)
    is_saved = number % 3 == 0
    results = case.results if "o" in case.results else ("o", "lse")
    if is_saved:
        results = tuple(dict.fromkeys(results + ("lse",)))
    fits = target == "host" or sum(case.dims) <= 128
    schedules = SCHEDULES["single" if case.element == "f32"
                          and target != "host" else target]
    case = dataclasses.replace(
        case, batch=batch, heads=heads, results=results,
        schedule=schedules[number % len(schedules)] if fits else None)
    return case, is_saved


class Run:
    def __init__(self, options):
        drawn = ("processor" if options.target == "host" else
                 "single" if options.single else options.target)
        self.config = generator.configuration(options.seed, options.case, drawn)
        program = None
        if options.case % 2:
            program = of_any_form(options.seed, options.case, drawn)
        if program is None:
            cap = [None, None, 20.0, None, 2.0][options.case % 5]
            program = Program(self.config.case, softcap=cap)
        if options.single and self.config.values in ("large", "tail"):
            # Scores in the thousands, whose f32 has no bits left for weights.
            self.config = dataclasses.replace(self.config, values="normal")
        case, self.is_saved = with_gradients(program.case, options.case,
                                             options.target)
        self.program = dataclasses.replace(program, case=case)
        self.case = case
        self.target, self.bin = options.target, options.bin
        self.directory = options.output
        self.command = []

    def path(self, name):
        return os.path.join(self.directory, name)

    def names(self):
        """Of all arguments, in order."""
        saved = list(self.case.results) if self.is_saved else []
        tensors = [t.name for t in self.program.tensors()]
        return [*"qkv", *tensors, *saved, *(f"d{x}" for x in self.case.results)]

    def make_values(self):
        rng = np.random.default_rng(self.config.seed)
        case = self.case
        values = self.program.values(rng, self.config.values)
        if self.is_saved:
            made = gradients.forward(self.program, values, False)
            values["o"] = oracle.round_to(case.element, made["o"])
            values["lse"] = made["lse"].astype(np.float32)
        for x in case.results:
            element = "f32" if x == "lse" else case.element
            values[f"d{x}"] = oracle.round_to(
                element, rng.standard_normal(case.shape(x)))
        return values

    def execute(self, values):
        source = self.path("f.mlir")
        pathlib.Path(source).write_text(self.program.mlir(),
                                        encoding="utf-8")
        for x, value in values.items():
            np.save(self.path(f"{x}.npy"), value)
        device = "host" if self.target == "host" else "sim"
        self.command = [
            os.path.join(self.bin, "attn-run"), source, f"--device={device}",
            f"--target={self.target}", f"--json={self.path('record.json')}",
            "--vjp=saved" if self.is_saved else "--vjp",
            *(f"--arg={n}={self.path(x + '.npy')}"
              for n, x in enumerate(self.names())),
            *(f"--result={n}={self.path(x + '.npy')}"
              for n, x in enumerate(gradients.names(self.program)))]
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
        if record["sim"] and record["sim"]["hazards"]:
            return f"hazards: {record['sim']['hazards'][0]}"
        if not record["verify"]["passed"]:
            return f"not verified: {record['verify']}"
        return ""

    def check_arrays(self, values):
        reference, baseline = (
            gradients.gradients(self.program, values, exact)
            for exact in (True, False))
        for x in gradients.names(self.program):
            actual = np.load(self.path(f"{x}.npy")).astype(np.float64)
            wrong = gradients.judge(self.program, x, actual, reference[x],
                                    baseline[x], self.target)
            if wrong:
                return f"numpy does not agree: {wrong}"
        return ""

    def check(self):
        """What is wrong, or an empty string."""
        values = self.make_values()
        process = self.execute(values)
        if process.returncode != 0:
            return (f"exit status {process.returncode}\n{process.stdout}"
                    f"{process.stderr}")
        return self.check_record() or self.check_arrays(values)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--case", type=int, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--single", action="store_true")
    options = parser.parse_args()

    shutil.rmtree(options.output, ignore_errors=True)
    os.makedirs(options.output)
    run = Run(options)
    wrong = run.check()
    if not wrong:
        shutil.rmtree(options.output)
        return 0
    print(f"{run.program}\n{run.program.mlir()}\n"
          f"{' '.join('='.join(item) for item in run.environment().items())} "
          f"{' '.join(run.command)}\n\n"
          f"{wrong}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
