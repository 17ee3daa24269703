#!/usr/bin/env python3
#===- mutants.py - Does the simulator notice mistakes? -----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Breaks kernels of the compiler in one place at a time and runs them.

Usage: mutants.py --bin build/bin [--target T] [--count N] [--seed S]
         [--schedules N] [--jobs N] [--quick] [--gradients]

Compiles the target's kernels, or those of gradients (lib/mutated_kernels.py) and runs each as it is, in N
schedules, which differ in the order of warps and in when asynchronous work is done: a
hazard, a wrong result or another bit there is a false alarm. Then draws mutants by
the seed (first the rule, then the site; see lib/ptx_mutations.py) and runs each with
attn-run on the simulator. A mutant is killed by a hazard, a deadlock or spent
budget, or a wrong result. One that survives is tried in more schedules and on more
inputs. It does not count when it is shown to be no mistake:

  without effect   the changed instruction is never executed or never computes
                   another value (a probe in its place says so)
  redundant        of a wait, commit or fence: the text proves that no thread can tell,
                   for all inputs (lib/ptx_redundancy.py)
  same bits        of a change of data: all results of all inputs, which differ in
                   values and, where the kernel leaves them open, in lengths, are the
                   same to the bit. The judge's tolerance is no excuse.
  listed           lib/equivalent_mutants.py has the reason. Entries of that list
                   are tried, but for --quick: one that is stale is an error.

`numbers alone` counts those whose result is wrong, or that do not end, with every
check turned off. Prints a table and every survivor. Exits 1 when a bar is not met:
98 % of the synchronisation mutants flagged by a check, 99.5 % of all killed, no
false alarm.
"""

import argparse
import collections
import concurrent.futures
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
from typing import NamedTuple

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import equivalent_mutants  # noqa: E402
import mutated_kernels  # noqa: E402
import ptx_mutations  # noqa: E402
import ptx_redundancy  # noqa: E402


# Of one block; the largest kernel here needs a few ten thousand.
BUDGET = "2000000"

# The warps' order of a run is drawn from these seeds; see docs/Simulator.md.
SEEDS_OF_DRAWN_SCHEDULES = 1000
# When asynchronous work is done; the last one has a seed, too.
POLICIES = ["late", "early", "torn", "random"]
# How many schedules are tried where only numbers can tell.
SCHEDULES_FOR_NUMBERS = 3

BARS = {"flagged": 0.98, "killed": 0.995}
EXCUSES = ["without effect", "redundant", "same bits", "listed"]


def shapes_of(function, lengths):
    queries, keys = lengths
    (hq, hkv), (dqk, dv) = function.heads, function.dims
    order = [(h, s) for h, s in ((hq, queries), (hkv, keys), (hkv, keys))]
    if "bshd" in function.clauses:
        order = [(s, h) for h, s in order]
    return [(1, *pair, d) for pair, d in zip(order, (dqk, dqk, dv))]


def cotangent_shapes(function, lengths):
    """Of output and LSE."""
    batch, *rows, _ = shapes_of(function, lengths)[0]
    heads = (1, function.heads[0], lengths[0])
    return [(batch, *rows, function.dims[1]), heads]


def source_of(function):
    is_open = len(function.lengths) > 1
    lengths = ("?", "?") if is_open else function.lengths[0]
    q, k, v = [f"tensor<{'x'.join(map(str, s))}x{function.element}>"
               for s in shapes_of(function, lengths)]
    o = q.replace(f"x{function.dims[0]}x{function.element}",
                  f"x{function.dims[1]}x{function.element}")
    lse = f"tensor<1x{function.heads[0]}x{lengths[0]}xf32>"
    return (f"func.func @f(%q: {q}, %k: {k}, %v: {v}) -> ({o}, {lse}) {{\n"
            f"  %o, %lse = attn.sdpa %q, %k, %v {function.clauses} : "
            f"({q}, {k}, {v}) -> ({o}, {lse})\n"
            f"  return %o, %lse : {o}, {lse}\n}}\n")


# What a softmax can be like. The first values of the first lengths are what every
# mutant is tried on.
VALUES = ["normal", "other", "sharp", "rising", "equal"]


def arrays_of(values, shapes):
    """The operands, scores of which are as the word says."""
    rng = np.random.default_rng(VALUES.index(values))
    q, k, v = [rng.standard_normal(shape, dtype=np.float32)
               for shape in shapes]
    if values == "sharp":  # one key of a row has nearly all weight
        q *= 8
    elif values == "rising":  # the maximum of a row grows with every tile
        axis = 1 if shapes[1][1] > shapes[1][2] else 2
        steps = np.linspace(-2, 2, k.shape[axis], dtype=np.float32)
        q = np.abs(q)
        k = np.abs(k) * steps.reshape(
            [-1 if n == axis else 1 for n in range(4)])
    elif values == "equal":
        k[:] = 0.5
    return q, k, v


def cotangents_of(values, shapes):
    rng = np.random.default_rng(100 + VALUES.index(values))
    return [rng.standard_normal(shape, dtype=np.float32) for shape in shapes]


class Result(NamedTuple):
    status: int
    kinds: list  # of hazards
    text: str
    bits: tuple = ()  # contents of the result files

    def verdict(self):
        """None where the run was fine."""
        if self.status == 0:
            return None
        if self.status != 1:
            return f"status {self.status}: {self.text.strip()[-200:]}"
        if {"deadlock", "budget"} & set(self.kinds):
            return "deadlock"
        return "hazard" if self.kinds else "wrong result"


class Kernel:
    """A compiled function."""

    def __init__(self, tools, directory, function):
        self.tools, self.directory = tools, directory
        self.function, self.name = function, function.name
        path = os.path.join(directory, self.name)
        with open(path + ".mlir", "w", encoding="utf-8") as file:
            file.write(source_of(function))
        self.package = path + ".so"
        # Machine code is of no use here.
        environment = dict(os.environ, ATTN_PTXAS="")
        command = [tools.compiler, path + ".mlir", "--target=" + tools.target]
        command += ["--vjp"] if function.gradients else []
        if function.schedule:
            command.append("--schedule=" + function.schedule)
        for flags in (["-o", self.package],
                      ["--emit=ptx", "-o", path + ".ptx"]):
            subprocess.run(command + flags, check=True, env=environment)
        with open(path + ".ptx", encoding="utf-8") as file:
            self.ptx = file.read()
        self.sites = ptx_mutations.sites_of(self.ptx)
        self.inputs = [(lengths, values) for lengths in function.lengths
                       for values in VALUES]
        for which in self.inputs:
            self.write_arrays(which)
        self.lock, self.expected = threading.Lock(), {}

    def array_path(self, which, operand):
        (queries, keys), values = which
        return os.path.join(self.directory, f"{self.name}.{queries}x{keys}."
                                            f"{values}.{operand}.npy")

    def write_arrays(self, which):
        arrays = arrays_of(which[1], shapes_of(self.function, which[0]))
        if self.function.gradients:
            arrays += tuple(cotangents_of(which[1], cotangent_shapes(
                self.function, which[0])))
        for operand, array in enumerate(arrays):
            np.save(self.array_path(which, operand), array)

    def run(self, ptx, name, which=None, **variables):
        which = which or self.inputs[0]
        path = os.path.join(self.directory, name)
        args, results = (5, 3) if self.function.gradients else (3, 2)
        results = [f"{path}.{index}.npy" for index in range(results)]
        with open(path + ".ptx", "w", encoding="utf-8") as file:
            file.write(ptx)
        command = [os.path.join(self.tools.bin, "attn-run"), "--device=sim",
                   "--replace-ptx", path + ".ptx", self.package]
        command += [f"--arg={n}={self.array_path(which, n)}" for n in range(args)]
        command += [f"--result={n}={file}" for n, file in enumerate(results)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=300,
            env=dict(os.environ, ATTNRT_SIM_THREADS="1",
                     ATTNRT_SIM_MAX_INSTRUCTIONS=BUDGET, **variables))
        kinds = re.findall(r"^hazard\s+(\S+)", done.stdout, re.MULTILINE)
        bits = tuple(take(file) for file in results)
        os.remove(path + ".ptx")
        return Result(done.returncode, sorted(set(kinds)),
                      done.stdout + done.stderr, bits)

    def expected_bits(self, which):
        """The results of the kernel as it is."""
        with self.lock:
            if which not in self.expected:
                same = self.run(self.ptx, f"{self.name}.same", which)
                if same.status:
                    raise SystemExit(f"{self.name} fails as it is:\n"
                                     f"{same.text}")
                self.expected[which] = same.bits
            return self.expected[which]


def take(path):
    """The contents of a file, which is gone then."""
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        contents = file.read()
    os.remove(path)
    return contents


class Mutant:
    def __init__(self, number, kernel, site):
        self.number, self.kernel, self.site = number, kernel, site
        self.text = ptx_mutations.apply(kernel.ptx, site)
        self.verdict, self.hazards, self.numbers_tell = None, [], False

    def is_synchronisation(self):
        return self.site.rule in ptx_mutations.SYNCHRONISATION

    def run(self, name, *arguments, **variables):
        return self.kernel.run(self.text, f"{name}{self.number}", *arguments,
                               **variables)

    def judge(self):
        first = self.run("mutant")
        self.hazards = first.kinds
        self.verdict = first.verdict() or self.judge_survivor(first)
        if self.verdict == "wrong result" and self.is_synchronisation():
            self.judge_schedules()
        if self.verdict not in EXCUSES:
            self.numbers_tell = self.do_numbers_tell()

    def judge_schedules(self):
        """The verdict of the first schedule that raises a hazard, else of one
        with a wrong result."""
        verdict = None
        for variables in schedules(len(POLICIES))[1:]:
            again = self.run("order", **variables)
            self.hazards = again.kinds
            if again.kinds:
                return again.verdict()
            verdict = verdict or again.verdict()
        return verdict

    def judge_survivor(self, first):
        verdict = self.probe() or self.prove() or self.judge_schedules()
        if verdict:
            return verdict
        is_same = True
        for which in self.kernel.inputs:
            again = first if which == self.kernel.inputs[0] else self.run(
                "again", which)
            if again.verdict():
                self.hazards = again.kinds
                return again.verdict()
            is_same &= again.bits == self.kernel.expected_bits(which)
        # That no run went wrong does not excuse a missing barrier.
        if is_same and not self.is_synchronisation():
            return "same bits"
        return "listed" if self.is_listed() else "survived"

    def is_listed(self):
        return any(entry.kernel == self.kernel.name and self.site ==
                   equivalent_mutants.site_of(entry, self.kernel.sites)
                   for entry in equivalent_mutants.EQUIVALENT)

    def probe(self):
        text = ptx_mutations.probe(self.kernel.ptx, self.site)
        for lengths in self.kernel.function.lengths:
            probed = self.kernel.run(text, f"probe{self.number}",
                                     (lengths, VALUES[0]))
            # Where a lane has trapped, another one may complain before that. As
            # it is the kernel raises nothing.
            if probed.status == 1:
                return None
            if probed.status:
                return f"the probe: {probed.verdict()}"
        return "without effect"

    def prove(self):
        proof = ptx_redundancy.PROOFS.get(self.site.rule)
        proven = proof and proof(self.kernel.ptx, self.site.line)
        return "redundant" if proven else None

    def do_numbers_tell(self):
        return any(
            self.run("numbers", ATTNRT_SIM_CHECKS="none", **variables).status == 1
            for variables in schedules(SCHEDULES_FOR_NUMBERS))


def schedules(count):
    """What chooses them: the order that comes by itself, then drawn ones, each with
    the next policy."""
    out = []
    for number in range(count):
        seed = SEEDS_OF_DRAWN_SCHEDULES + number - 1 if number else 0
        policy = POLICIES[number % len(POLICIES)]
        out.append({"ATTNRT_SIM_SEED": str(seed), "ATTNRT_SIM_SCHEDULE":
                    f"random:{seed}" if policy == "random" else policy})
    return out


def false_alarms(kernel, count):
    """What is wrong with the kernel as it is, in the first schedule that says so."""
    expected = kernel.expected_bits(kernel.inputs[0])
    for variables in schedules(count):
        clean = kernel.run(kernel.ptx, f"{kernel.name}.clean", **variables)
        where = f"{kernel.name}, {' '.join(variables.values())}"
        if clean.verdict():
            return f"{where}: {clean.text}"
        if clean.bits != expected:
            return f"{where}: other bits in a result"
    return None


def draw(kernels, count, seed):
    """Rule first, so that rules with few sites are not drowned."""
    rng = random.Random(seed)
    by_rule = collections.defaultdict(list)
    for kernel in kernels:
        for site in kernel.sites:
            by_rule[site.rule].append((kernel, site))
    for sites in by_rule.values():
        rng.shuffle(sites)
    out = []
    while len(out) < count and by_rule:
        rule = rng.choice(sorted(by_rule))
        out.append(Mutant(len(out), *by_rule[rule].pop()))
        if not by_rule[rule]:
            del by_rule[rule]
    return out


def stale_entries(kernels, is_quick):
    """Entries of the list that say nothing or nothing true."""
    others = {function.name
              for table in (mutated_kernels.FUNCTIONS,
                            mutated_kernels.GRADIENTS)
              for name, functions in table.items() for function in functions}
    others -= {kernel.name for kernel in kernels}
    for number, entry in enumerate(equivalent_mutants.EQUIVALENT):
        if entry.kernel in others:
            continue
        kernel = next((k for k in kernels if k.name == entry.kernel), None)
        site = kernel and equivalent_mutants.site_of(entry, kernel.sites)
        if not site:
            yield f"{entry}: there is no such place"
            continue
        if is_quick:
            continue
        mutant = Mutant(f"listed{number}", kernel, site)
        mutant.judge()
        if mutant.verdict != "listed":
            yield f"{entry}: {mutant.verdict}"


def print_table(mutants):
    columns = ["hazard", "deadlock", "wrong result", "survived"] + EXCUSES
    heads = columns + ["drawn", "numbers alone"]
    print(f"{'rule':32}" + "".join(f" {c:>{max(len(c), 5)}}" for c in heads))
    rules = sorted({m.site.rule for m in mutants})
    for rule in rules + ["all"]:
        mine = [m for m in mutants if rule in (m.site.rule, "all")]
        counts = [sum(m.verdict == c for m in mine) for c in columns]
        counts += [len(mine), sum(m.numbers_tell for m in mine)]
        print(f"{rule:32}" + "".join(f" {n:{max(len(c), 5)}}"
                                     for c, n in zip(heads, counts)))
    kinds = collections.Counter(k for m in mutants for k in m.hazards)
    print("hazards of  " + ", ".join(f"{k} {n}" for k, n in
                                     kinds.most_common()))


def describe(mutant):
    return (f"{mutant.verdict}: {mutant.kernel.name} line {mutant.site.line}, "
            f"{mutant.site.rule}, `{mutant.site.before.strip()}` -> "
            f"`{mutant.site.after.strip()}`")


def meets(what, count, of):
    share = count / of if of else 1
    is_met = share >= BARS[what]
    print(f"{what} {count} of {of} ({100 * share:.1f} %, bar "
          f"{100 * BARS[what]:g} %){'' if is_met else ': NOT MET'}")
    return is_met


def summarise(mutants, explain):
    """True when the bars are met."""
    excused = [m for m in mutants if m.verdict in EXCUSES]
    counted = [m for m in mutants if m not in excused]
    sync = [m for m in counted if m.is_synchronisation()]
    missed = [m for m in counted if m.verdict == "survived" or
              (m in sync and not m.hazards)]
    for m in missed + (excused if explain else []):
        print(describe(m))
    odd = [m for m in counted if m.verdict not in
           ("hazard", "deadlock", "wrong result", "survived")]
    for m in odd:
        print("ended in another way: " + describe(m))
    print(f"{len(excused)} mutants are shown to be no mistakes and do not count")
    flagged = sum(bool(m.hazards) for m in sync)
    killed = sum(m.verdict != "survived" for m in counted)
    met = [meets("flagged", flagged, len(sync)),
           meets("killed", killed, len(counted))]
    return all(met) and not odd


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--target", default="sm_80",
                        choices=sorted(mutated_kernels.FUNCTIONS))
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--schedules", type=int, default=24,
                        help="in which the kernels are run as they are")
    parser.add_argument("--gradients", action="store_true",
                        help="of the kernels of gradients")
    parser.add_argument("--quick", action="store_true",
                        help="4 schedules; listed mutants are not tried")
    parser.add_argument("--bin", required=True, help="where attn-run lies")
    parser.add_argument("--compiler", help="default: attn-compile beside it")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--explain", action="store_true",
                        help="name the mutants that do not count, too")
    options = parser.parse_args()
    if options.quick:
        options.schedules = len(POLICIES)
    if not options.compiler:
        options.compiler = os.path.join(options.bin, "attn-compile")
    return options


def main():
    options = parse_arguments()
    with tempfile.TemporaryDirectory() as directory, \
            concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        kernels = list(pool.map(
            lambda function: Kernel(options, directory, function),
            (mutated_kernels.GRADIENTS if options.gradients
             else mutated_kernels.FUNCTIONS)[options.target]))
        alarms = [alarm for alarm in pool.map(
            lambda kernel: false_alarms(kernel, options.schedules), kernels)
            if alarm]
        for alarm in alarms:
            print("false alarm: " + alarm)
        if alarms:
            return 1
        print(f"no false alarm: {len(kernels)} kernels in {options.schedules} "
              "schedules each")
        stale = list(stale_entries(kernels, options.quick))
        for entry in stale:
            print(f"stale: {entry}")
        mutants = draw(kernels, options.count, options.seed)
        list(pool.map(Mutant.judge, mutants))
    print_table(mutants)
    return 0 if summarise(mutants, options.explain) and not stale else 1


if __name__ == "__main__":
    sys.exit(main())
