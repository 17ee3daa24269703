#===- session.py - Checks everything, then times it ------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A run: every contender is judged at every case, and only then what was right
is timed. Both go through the cases in their order, so that a time limit cuts
off the least telling ones."""

import dataclasses
import sys
import time
from typing import Callable, Optional

from attn_bench import operands, record, timing
from attn_bench.failures import BadInput, DeviceLost, Failure, Unsupported

# Of the time limit; the rest is for timing.
CHECKING_SHARE = 0.6
OUT_OF_TIME = "time limit"


@dataclasses.dataclass(frozen=True)
class Options:
    layout: str = "bshd"
    seed: int = 1
    seconds_limit: Optional[float] = None
    rounds: timing.Settings = timing.Settings()
    save: Callable = lambda record: None  # after every cell
    now: Callable = time.monotonic


def one_line(error):
    text = str(error).strip() or type(error).__name__
    return text.split("\n")[0][:300]


def say(text):
    print(text, file=sys.stderr, flush=True)


class Session:
    def __init__(self, device, contenders, cases, judge, options):
        self.device = device
        self.cases = cases
        self.judge = judge
        self.options = options
        self.begun = options.now()
        self.absences = {c.name: c.absence() for c in contenders}
        self.contenders = contenders
        self.present = [c for c in contenders
                        if self.absences[c.name] is None]
        names = [c.name for c in self.present]
        self.cells = {case: record.new_cell(case, names) for case in cases}
        self.context = {"device": device.describe(),
                        "versions": device.versions()}
        self.ended = None
        # The first failure of our own, for the exit status.
        self.failure_status = 0

    #===-- The record ------------------------------------------------------===#

    def record(self):
        options = self.options
        return {
            "schema": record.SCHEMA,
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "command": sys.argv,
            **self.context,
            "settings": dict(dataclasses.asdict(options.rounds),
                             layout=options.layout, seed=options.seed,
                             seconds_limit=options.seconds_limit),
            "seconds": round(options.now() - self.begun, 3),
            "ended": self.ended,
            "contenders": [self.describe(c) for c in self.contenders],
            "machine": self.device.machine(),
            "cells": list(self.cells.values())}

    def describe(self, contender):
        absence = self.absences[contender.name]
        return {"name": contender.name, "kind": contender.kind,
                "absence": absence,
                "version": None if absence else contender.version(),
                "details": contender.details()}

    def status(self):
        """Of the process: 1 where a result of ours is wrong; peers' wrong
        results are theirs."""
        ours = {c.name for c in self.contenders if c.kind == "ours"}
        results = [result for cell in self.cells.values()
                   for result in cell["results"]
                   if result["contender"] in ours]
        if any(result["status"] == "wrong" for result in results):
            return 1
        return self.failure_status

    #===-- Time ------------------------------------------------------------===#

    def deadline(self, share=1.0):
        limit = self.options.seconds_limit
        return None if limit is None else self.begun + share * limit

    def is_late(self, deadline):
        return deadline is not None and self.options.now() > deadline

    #===-- Both phases -----------------------------------------------------===#

    def run(self):
        try:
            self.check_everything()
            if self.device.measures_time:
                self.time_everything()
        except DeviceLost as error:
            self.ended = f"device lost: {one_line(error)}"
            self.failure_status = self.failure_status or error.status
            for cell in self.cells.values():
                for result in cell["results"]:
                    if result["status"] == "not run" and not result["reason"]:
                        result["reason"] = "device lost"
        self.options.save(self.record())
        return self.record()

    def note_failure(self, contender, result, error):
        """What a contender ran into; raises where nothing can run any more."""
        result["status"] = ("unsupported" if isinstance(error, Unsupported)
                            else "failed")
        result["reason"] = one_line(error)
        result["timing"] = None
        if contender.kind == "ours" and result["status"] == "failed":
            self.failure_status = (self.failure_status
                                   or getattr(error, "status", 3))
        self.expect_device()

    def expect_device(self):
        """After an error: an earlier launch may have taken the device along."""
        try:
            self.device.synchronize()
        except Exception as lost:
            raise DeviceLost(one_line(lost)) from lost

    #===-- Checking --------------------------------------------------------===#

    def check_everything(self):
        """Those that compile for each case come last: they cost seconds."""
        deadline = self.deadline(CHECKING_SHARE)
        for compiling in (False, True):
            group = [c for c in self.present
                     if c.compiles_each_case == compiling]
            for case in self.cases:
                if group:
                    self.check_case(case, group, deadline)
                    self.device.trim()

    def check_case(self, case, group, deadline):
        cell = self.cells[case]
        try:
            reason = self.why_not(case, cell, deadline)
            given = reason is None and self.draw(case)
        except BadInput:
            raise
        except Unsupported as error:
            reason = one_line(error)
        except Exception as error:  # no memory, most likely
            reason = f"no operands: {one_line(error)}"
            self.expect_device()
        if reason is not None:
            self.not_run(cell, group, reason)
            return
        for contender in group:
            result = record.result_of(cell, contender.name)
            self.check(case, contender, given, result)
        self.tell("checked", case, [
            f"{c.name} {record.result_of(cell, c.name)['status']}"
            for c in group])
        self.options.save(self.record())

    def why_not(self, case, cell, deadline):
        """A reason not to run the case; None where it runs."""
        flops = cell["case"]["flops"] = self.judge.flops(case)
        reason = self.device.refuses(flops)
        if reason is None and self.is_late(deadline):
            self.ended = reason = OUT_OF_TIME
        return reason

    def not_run(self, cell, group, reason):
        for contender in group:
            record.result_of(cell, contender.name)["reason"] = reason

    def draw(self, case, number=0):
        """Operands, and where gradients are computed what these take."""
        layout, seed = self.options.layout, self.options.seed
        given = operands.draw(self.device.arrays, case, layout, seed, number)
        if case.function.work == "forward":
            return given
        return self.judge.complete(self.device, case, given, layout,
                                   seed + number)

    def expect_clauses(self, case, contender):
        if case.function.work != "forward" and not contender.differentiates:
            raise Unsupported("no gradients")
        missing = [clause.name for clause in case.function.clauses
                   if not contender.knows(clause)]
        if missing:
            raise Unsupported(f"no {', '.join(missing)}")

    def check(self, case, contender, given, result):
        try:
            self.expect_clauses(case, contender)
            run = contender.prepare(case, given, self.device)
            self.device.poison_free_memory(case)
            made = run()
            self.device.synchronize()
            result["verify"] = self.judge.judge(
                self.device.arrays, case, given, contender.outputs_of(made))
        except BadInput:
            raise
        except Failure as error:
            result["sim"] = self.device.execution_report()
            if error.status == 1:  # a hazard
                result.update(status="wrong", reason=one_line(error))
                return
            self.note_failure(contender, result, error)
            return
        except Exception as error:
            self.note_failure(contender, result, error)
            return
        result["sim"] = self.device.execution_report()
        reasons = [f"{entry['name']}: {entry['reason']}"
                   for entry in result["verify"]["outputs"] if entry["reason"]]
        result["status"] = "wrong" if reasons else "right"
        result["reason"] = "; ".join(reasons) or None

    #===-- Timing ----------------------------------------------------------===#

    def time_everything(self):
        for number, case in enumerate(self.cases):
            if number in (0, len(self.cases) // 2):
                self.device.measure_machine()
            cell = self.cells[case]
            group = [c for c in self.present
                     if record.result_of(cell, c.name)["status"] == "right"]
            if not group:
                continue
            if self.is_late(self.deadline()):
                self.not_timed(cell, group)
                continue
            self.time_case(case, cell, group)
            self.device.trim()
            self.options.save(self.record())
        self.device.measure_machine()

    def not_timed(self, cell, group):
        self.ended = OUT_OF_TIME
        for contender in group:
            result = record.result_of(cell, contender.name)
            result["reason"] = f"not timed: {OUT_OF_TIME}"

    def time_case(self, case, cell, group):
        sampling = self.device.sampling(case, cell["case"]["flops"])
        works = self.works(case, cell, group, sampling)
        if not works:
            return
        rounds = timing.Rounds(self.device, works, self.options.rounds,
                               self.options.now)
        try:
            complete = rounds.run(self.deadline())
        except Exception as error:
            # Whose work it was shows in no return value: the device is shared.
            raise DeviceLost(f"{case.name}: {one_line(error)}") from error
        if not complete:
            self.not_timed(cell, [c for c in group if c.name in works])
            return
        cell["sensors"] = timing.summarize_sensors(rounds.sensors)
        for name, samples in rounds.samples.items():
            record.result_of(cell, name)["timing"] = timing.timing_of(
                samples, cell["case"]["flops"], sampling)
        self.tell("timed", case, [
            f"{name} {record.result_of(cell, name)['timing']['tflops']:.4g}"
            for name in rounds.samples])

    def works(self, case, cell, group, sampling):
        """What one sample of each contender runs, by name."""
        sets = [self.draw(case, number) for number in range(sampling.sets)]
        works = {}
        for contender in group:
            try:
                works[contender.name] = self.work(case, contender, sets,
                                                  sampling)
            except Exception as error:
                self.note_failure(contender, record.result_of(
                    cell, contender.name), error)
        return works

    def work(self, case, contender, sets, sampling):
        """After a first run, which loads and compiles."""
        runs = [contender.prepare(case, given, self.device) for given in sets]
        runs[0]()
        self.device.synchronize()
        if sampling.method != "graph":
            return timing.Runs(runs, sampling)
        replay, outputs = self.device.capture(runs)
        self.check_replay(replay, outputs)
        return replay

    def check_replay(self, replay, outputs):
        """What went to another stream is not in the graph, and would look as
        if it took no time."""
        arrays = self.device.arrays
        results = [array for one in outputs for array in one.values()]
        for array in results:
            arrays.poison(array)
        replay()
        self.device.synchronize()
        if any(bool(arrays.is_poison(array).any()) for array in results):
            raise Failure("a graph of its work does not give its result")

    def tell(self, verb, case, words):
        say(f"[{self.options.now() - self.begun:6.1f} s] {verb} {case.name}: "
            f"{', '.join(words)}")
