#===- campaign.py - One function of the random campaign on processors ------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Compiles one random function for a processor, calls it, and judges each call.

Usage: campaign.py --bin DIR --output DIR --seed N --case N [--language]
                   [--runtime LIB]

`--language` draws scores and masks of any form (programs.py).

Exits 0 and prints nothing when each call stays within its arrays, and the
package's judge and numpy are content; with 77 where this machine cannot run the
code. What was compiled stays in the output directory when something is wrong.
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import traceback

import numpy as np

from attn_testing import calls, generator, language, oracle, package, rope
from attn_testing.guarded_arrays import GuardedArray

NOT_HERE = 77
DEVICE = 3


class Attention:
    """The operands of a call of attention, and what numpy says of its results."""

    def __init__(self, call):
        self.case = case = call.case
        rng = np.random.default_rng(call.seed)
        self.values = {x: oracle.round_to(case.element, generator.make_values(
            call.values, rng, case.shape(x))) for x in "qkv"}
        self.args = [package.to_storage(case.element, self.values[x])
                     for x in "qkv"]
        self.results = [(case.shape(x), "f32" if x == "lse" else case.element)
                        for x in case.results]

    def complaint(self, results):
        operands = self.values.values()
        exact = oracle.attention(self.case, *operands, exact=True)
        # A processor adds one product after the other.
        naive = oracle.attention(self.case, *operands, exact=False,
                                 product=oracle.in_order)
        for x, result in zip(self.case.results, results):
            wrong = oracle.judge(self.case, x, package.from_storage(result),
                                 exact[x], naive[x])
            if wrong:
                return wrong
        return ""


class Program:
    """The same of attention with scores and masks of any form."""

    def __init__(self, call):
        self.program = program = call.program
        case = program.case
        # Large values make scores in the thousands, which are not judged well.
        kind = "normal" if call.values == "large" else call.values
        self.values = program.values(np.random.default_rng(call.seed), kind)
        self.args = program.arguments(self.values)
        self.results = [(case.shape(x), "f32" if x == "lse" else case.element)
                        for x in case.results]

    def complaint(self, results):
        exact = language.attention(self.program, self.values, exact=True)
        naive = language.attention(self.program, self.values, exact=False,
                                   product=oracle.in_order)
        for x, result in zip(self.program.case.results, results):
            wrong = oracle.judge(self.program.case, x,
                                 package.from_storage(result), exact[x],
                                 naive[x])
            if wrong:
                return wrong
        return ""


class Rope:
    """The same of rotary positions."""

    def __init__(self, case, call):
        self.case = case
        rng = np.random.default_rng(call.seed)
        shape = rope.shape_of(case)
        self.x = oracle.round_to(case["type"], generator.make_values(
            call.values, rng, shape))
        given, self.positions = rope.draw_positions(case, rng)
        self.args = [package.to_storage(case["type"], self.x)]
        if given is not None:
            self.args.append(given)
        self.results = [(shape, case["type"])]

    def complaint(self, results):
        x, got = self.x, package.from_storage(results[0])
        if self.case["layout"] == "bshd":
            x, got = (a.transpose(0, 2, 1, 3) for a in (x, got))
        excess = rope.excess(self.case, x, self.positions, got)
        return "" if excess <= 0 else f"{excess} beyond the bound"


def guarded(call, work):
    rng = np.random.default_rng(call.seed)
    args = []
    for values in work.args:
        args.append(GuardedArray(values.shape, values.dtype, call.arrangement,
                                 call.side, rng))
        args[-1].array[...] = values
    results = [GuardedArray(shape, package.STORAGE[element], call.arrangement,
                            call.side, rng)
               for shape, element in work.results]
    return args, results


def complaint(library, work, call):
    """What is wrong with a call, or an empty string."""
    library.runtime.set_threads(call.threads)
    args, results = guarded(call, work)
    library.check(library.call("f", [package.describe(a.array) for a in args],
                               [package.describe(r.array) for r in results]))
    for values, arg in zip(work.args, args):
        if values.tobytes() != arg.array.tobytes():
            return "an argument was written"
    for number, array in enumerate(args + results):
        if not array.is_intact():
            return f"array {number}: written beside its elements"
    arrays = [r.array for r in results]
    verdicts = library.judge("f", [a.array for a in args], arrays)
    for number, verdict in enumerate(verdicts):
        if not verdict.passed:
            return f"result {number} is not verified: {verdict.to_json()}"
    wrong = work.complaint(arrays)
    return f"numpy does not agree: {wrong}" if wrong else ""


def make_calls(function, path, runtime, progress):
    """The exit status. What is going on is written first, since a fault in a
    kernel ends the process."""
    library = package.Package(path, runtime)
    for number, call in enumerate(function.calls):
        progress.write_text(f"call {number}: {call}\n", encoding="utf-8")
        work = (Rope(function.rope, call) if function.rope
                else Program(call) if call.program else Attention(call))
        try:
            wrong = complaint(library, work, call)
        except package.Failure as failure:
            if failure.status == DEVICE:
                return NOT_HERE
            wrong = f"status {failure.status}: {failure}"
        if wrong:
            progress.write_text(f"call {number}: {call}\n{wrong}\n",
                                encoding="utf-8")
            return 1
    return 0


def in_child(work):
    """The exit status of `work`, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = work()
        except Exception:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def compile_function(function, binaries, directory):
    source = directory / "f.mlir"
    source.write_text(function.mlir(), encoding="utf-8")
    command = [os.path.join(binaries, "attn-compile"), source,
               f"--target={function.target}", "-o", directory / "f.so"]
    if function.case and function.case.schedule:
        command.append(f"--schedule={function.case.schedule}")
    return subprocess.run(command, capture_output=True, text=True, check=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--case", type=int, required=True)
    parser.add_argument("--language", action="store_true")
    parser.add_argument("--runtime", help="another libattnrt.so")
    options = parser.parse_args()
    # A sanitizer's library is for this process, not for the compiler.
    os.environ.pop("LD_PRELOAD", None)

    function = calls.function(options.seed, options.case, options.language)
    directory = options.output
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    described = f"{function.target} {function.case or function.rope}\n"
    compiled = compile_function(function, options.bin, directory)
    if compiled.returncode:
        print(f"{described}{function.mlir()}{compiled.stderr}")
        return 1
    if function.guard:
        os.environ["ATTNRT_HOST_GUARD"] = function.guard
    progress = directory / "progress"
    progress.touch()
    runtime = options.runtime or os.path.join(options.bin, "..", "lib",
                                              "libattnrt.so")
    status = in_child(lambda: make_calls(function, directory / "f.so", runtime,
                                         progress))
    if status in (0, NOT_HERE):
        shutil.rmtree(directory)
        return status
    how = signal.Signals(-status).name if status < 0 else ""
    print(f"{described}ATTNRT_HOST_GUARD={function.guard}\n"
          f"{progress.read_text(encoding='utf-8')}{how}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
