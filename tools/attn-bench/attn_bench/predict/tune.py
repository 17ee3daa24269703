#===- tune.py - Schedules by prediction --------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Compiles schedules of a case, leaves out those that the compiler refuses or ptxas
spills, ranks the others by prediction, and runs the best on the simulator."""

import dataclasses
import json
import math
import os
import subprocess
import tempfile

from machinecode import disassembly

from attn_bench import build, output
from attn_bench.code import kernels
from attn_bench.failures import BadInput, Failure
from attn_bench.predict import launch, schedules, subjects
from attn_bench.predict.workload import Workload

_PROOF_LENGTH = 257  # of queries and keys on the simulator: no multiple of a tile


@dataclasses.dataclass(frozen=True)
class Case:
    target: str
    dims: tuple
    mask: str
    heads: tuple
    element: str = "bf16"

    @property
    def name(self):
        dims = "/".join(map(str, dict.fromkeys(self.dims)))
        return f"{self.target} d {dims} {self.mask}"

    def mlir(self):
        query_heads, key_heads = self.heads
        query, key, value, result = (
            f"tensor<?x{heads}x?x{dim}x{self.element}>" for heads, dim in
            ((query_heads, self.dims[0]), (key_heads, self.dims[0]),
             (key_heads, self.dims[1]), (query_heads, self.dims[1])))
        sums = f"tensor<?x{query_heads}x?xf32>"
        is_causal, window = subjects.mask_of(self.mask, False)
        clauses = "causal(bottom_right) " if is_causal else ""
        if window is not None:
            clauses += f"window({window}, 0) "
        return (f"func.func @f(%q: {query}, %k: {key}, %v: {value}) "
                f"-> ({result}, {sums}) {{\n"
                f"  %o, %lse = attn.sdpa %q, %k, %v {clauses}"
                f": ({query}, {key}, {value}) -> ({result}, {sums})\n"
                f"  return %o, %lse : {result}, {sums}\n}}\n")

    def workload(self, batch, length):
        return Workload(batch, *self.heads, length, length,
                        *subjects.mask_of(self.mask, False))


@dataclasses.dataclass(frozen=True)
class Candidate:
    keys: dict
    microseconds: tuple  # predicted, for each length

    def gain(self, other):
        """How many times as fast, on average over lengths."""
        ratios = [b / a for a, b in zip(self.microseconds, other.microseconds)]
        return math.exp(sum(map(math.log, ratios)) / len(ratios))


class Tuner:
    """Of one case. `workloads` are those of the lengths that count."""

    def __init__(self, case, workloads, compiler, nvdisasm, clock_hz=None):
        self.case, self.workloads = case, workloads
        self.compiler, self.nvdisasm, self.clock_hz = compiler, nvdisasm, clock_hz
        self.refused = {}  # why, by schedule
        self.known = {}

    def _compile(self, schedule, place, emit):
        """What the compiler reports of the kernel."""
        command = [self.compiler, "-", f"--target={self.case.target}", "--report=json",
                   "--no-relax", f"--emit={emit}", "-o", place]
        if schedule is not None:
            command.append(f"--schedule={schedule}")
        run = subprocess.run(command, input=self.case.mlir(), text=True,
                             capture_output=True, check=False)
        if run.returncode:
            raise Failure(run.stderr.partition("error: ")[2].split("\n")[0],
                          run.returncode)
        (report,) = json.loads(run.stdout)["kernels"]
        return report

    def measure(self, keys=None):
        """The Candidate of a schedule (None: of the table's), or None with a reason
        in `refused`."""
        text = keys and schedules.text_of(keys)
        if text in self.known:
            return self.known[text]
        try:
            self.known[text] = self._measure(text)
        except Failure as failure:
            if keys is None:
                raise
            self.refused[text] = str(failure)
            self.known[text] = None
        return self.known[text]

    def _measure(self, text):
        with tempfile.TemporaryDirectory() as directory:
            place = os.path.join(directory, "f.cubin")
            report = self._compile(text, place, "cubin")
            if report["spill_bytes"]:
                raise Failure(f"spills {report['spill_bytes']} bytes")
            (kernel,) = kernels.read(place, self.nvdisasm)
        keys = schedules.parse(report["schedule"])
        kernel = dataclasses.replace(
            kernel, smem_bytes=report["smem_bytes"],
            description={"schedule": {"keys": keys}},
            facts=kernels.Facts(self.case.dims, self.case.element,
                                self.case.mask != "none"))
        subject = subjects.ours(kernel)
        return Candidate(keys, tuple(
            launch.predict(subject, workload, self.clock_hz).microseconds
            for workload in self.workloads))

    def search(self, budget):
        """From the table's schedule along single keys, as long as one is better and
        `budget` schedules are not used up. The best first, with the table's."""
        start = best = self.measure()
        found, is_better = [start], True
        while is_better:
            is_better = False
            for keys in schedules.neighbours(best.keys):
                if len(self.known) >= budget:
                    break
                if schedules.text_of(keys) in self.known:
                    continue
                candidate = self.measure(keys)
                if candidate is None:
                    continue
                found.append(candidate)
                if candidate.gain(best) > 1.005:
                    best, is_better = candidate, True
                    break
        return start, sorted(found, key=lambda one: -one.gain(start))

    def proves(self, keys):
        """Whether the simulator finds the results right and no hazard; the reason why
        not in `refused`."""
        with tempfile.TemporaryDirectory() as directory:
            place = os.path.join(directory, "f.so")
            self._compile(schedules.text_of(keys), place, "so")
            shapes = [f"--shape={number}=1x{self.case.heads[number > 0]}"
                      f"x{_PROOF_LENGTH}x{self.case.dims[number == 2]}"
                      for number in range(3)]
            run = subprocess.run(
                [os.path.join(os.path.dirname(self.compiler), "attn-run"), place,
                 "--device=sim", *shapes], text=True, capture_output=True, check=False)
        if run.returncode:
            self.refused[schedules.text_of(keys)] = "wrong on the simulator"
        return run.returncode == 0


def _line(candidate, start, lengths):
    times = ", ".join(f"{time:.1f} us at {length}" for time, length in
                      zip(candidate.microseconds, lengths))
    return (f"  {100 * (candidate.gain(start) - 1):+5.1f} %  predicted {times}  "
            f"{schedules.text_of(candidate.keys)}")


def _winner(tuner, start, ranked):
    """The best that the simulator proves, or the table's."""
    for candidate in ranked:
        if candidate.gain(start) <= 1.005:
            break
        if tuner.proves(candidate.keys):
            return candidate
    return start


def _dims(text):
    dims = [int(dim) for dim in text.split("/")]
    return dims[0], dims[-1]


def tune(case, lengths, flags):
    """Prints a case, and gives its object."""
    workloads = [case.workload(max(1, flags.tokens // length), length)
                 for length in lengths]
    tuner = Tuner(case, workloads, build.find_compiler(flags.compiler),
                  disassembly.find_nvdisasm(),
                  flags.clock * 1e6 if flags.clock else None)
    start, ranked = tuner.search(flags.budget)
    print(f"{case.name}: {len(ranked)} schedules predicted, {len(tuner.refused)} "
          "refused")
    for candidate in ranked[:flags.top]:
        print(_line(candidate, start, lengths), flush=True)
    best = _winner(tuner, start, ranked)
    if best is start:
        print("  the table's is the best")
    else:
        print(f"  row: {case.name}: {schedules.text_of(best.keys)} for "
              f"{schedules.text_of(start.keys)}, predicted "
              f"{100 * (best.gain(start) - 1):+.1f} %, right on the simulator",
              flush=True)
    return {"case": case.name, "lengths": lengths, "table": start.keys,
            "table_us": start.microseconds, "best": best.keys,
            "best_us": best.microseconds, "refused": tuner.refused,
            "predicted": [{"schedule": one.keys, "us": one.microseconds}
                          for one in ranked]}


def run(flags):
    output.check_places(flags.json)
    if flags.target not in subjects.constants.CHIPS:
        raise BadInput(f"--target={flags.target}: the model knows "
                       f"{' and '.join(subjects.constants.CHIPS)}")
    heads = (flags.heads, flags.kv_heads or flags.heads)
    made = []
    for dims in flags.dims.split(","):
        for mask in flags.masks:
            made.append(tune(Case(flags.target, _dims(dims), mask, heads),
                             flags.lengths, flags))
            if flags.json is not None:
                output.put(json.dumps({"schema": 1, "cases": made}, indent=1),
                           flags.json)
    return 0
