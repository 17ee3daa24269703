#!/usr/bin/env python3
#===- mutants.py - Does the simulator notice mistakes? -----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Breaks kernels of the compiler in one place at a time and runs them.

Usage: mutants.py --count N --seed S --bin build/bin [--compiler FILE] [--jobs N]

Compiles a few functions, checks that their PTX passes as it is, draws mutants by
the seed (first the rule, then the site; see lib/ptx_mutations.py) and runs each
with attn-run on the simulator. A mutant is killed by a hazard, a deadlock or
spent budget, or a wrong result. One that survives is tried with a probe: where
the changed instruction is never executed or never computes another value, there
was nothing to notice, and it does not count. Prints a table and every survivor. Exits 1 when
a correct kernel fails or a run ends in another way.
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

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import ptx_mutations  # noqa: E402

# Name, element type, queries, keys, head size, mask, schedule. Lengths are ragged,
# so that copies and masks have edges, and long enough for the loops.
KERNELS = [
    ("causal64", "bf16", 200, 203, 64, "causal(bottom_right)", ""),
    ("causal64x1", "f16", 200, 350, 64, "causal(bottom_right)",
     "stages=1,warps=4,q=64,kv=32"),
    ("causal64x3", "bf16", 200, 303, 64, "causal(top_left)",
     "stages=3,warps=4,q=64,kv=32"),
    ("window40", "f16", 330, 411, 40, "window(150, 120)", ""),
    ("causal128", "bf16", 130, 287, 128, "causal(bottom_right)",
     "stages=2,warps=4,q=64,kv=32"),
    ("causal80x3", "bf16", 130, 261, 80, "causal(bottom_right)",
     "stages=3,warps=2,q=32,kv=32"),
]

# Of one block; the largest kernel here needs a few ten thousand.
BUDGET = "2000000"


class Mutant:
    def __init__(self, number, kernel, site):
        self.number, self.kernel, self.site = number, kernel, site
        self.verdict = self.hazards = None


def source_of(element, queries, keys, size, mask):
    q = f"tensor<1x2x{queries}x{size}x{element}>"
    k = f"tensor<1x1x{keys}x{size}x{element}>"
    lse = f"tensor<1x2x{queries}xf32>"
    return (f"func.func @f(%q: {q}, %k: {k}, %v: {k}) -> ({q}, {lse}) {{\n"
            f"  %o, %lse = attn.sdpa %q, %k, %v {mask} : "
            f"({q}, {k}, {k}) -> ({q}, {lse})\n"
            f"  return %o, %lse : {q}, {lse}\n}}\n")


class Kernel:
    """One compiled function."""

    def __init__(self, tools, directory, row):
        self.tools, self.directory, self.name = tools, directory, row[0]
        path = os.path.join(directory, self.name)
        with open(path + ".mlir", "w", encoding="utf-8") as file:
            file.write(source_of(*row[1:6]))
        self.package = path + ".so"
        command = [tools.compiler, path + ".mlir", "--target=sm_80"]
        command += ["--schedule=" + row[6]] if row[6] else []
        subprocess.run(command + ["-o", self.package], check=True)
        subprocess.run(command + ["--emit=ptx", "-o", path + ".ptx"],
                       check=True)
        with open(path + ".ptx", encoding="utf-8") as file:
            self.ptx = file.read()
        self.sites = ptx_mutations.sites_of(self.ptx)

    def run(self, ptx, name):
        """The exit status, the kinds of hazards and what was printed."""
        path = os.path.join(self.directory, name + ".ptx")
        with open(path, "w", encoding="utf-8") as file:
            file.write(ptx)
        environment = dict(os.environ, ATTNRT_SIM_THREADS="1",
                           ATTNRT_SIM_MAX_INSTRUCTIONS=BUDGET)
        done = subprocess.run(
            [os.path.join(self.tools.bin, "attn-run"), "--device=sim",
             "--replace-ptx", path, self.package],
            capture_output=True, text=True, env=environment, timeout=300)
        os.remove(path)
        kinds = re.findall(r"^hazard\s+(\S+)", done.stdout, re.MULTILINE)
        return done.returncode, kinds, done.stdout + done.stderr


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


def judge_survivor(mutant):
    """Equivalent here: never executed, or never another value."""
    text = ptx_mutations.probe(mutant.kernel.ptx, mutant.site)
    status, kinds, output = mutant.kernel.run(text, f"probe{mutant.number}")
    if status not in (0, 1) or (status == 1 and "trap" not in kinds):
        return f"status {status} of the probe: {output.strip()[-200:]}"
    return "survived" if status else "without effect"


def try_mutant(mutant):
    text = ptx_mutations.apply(mutant.kernel.ptx, mutant.site)
    status, kinds, output = mutant.kernel.run(text, f"mutant{mutant.number}")
    mutant.hazards = sorted(set(kinds))
    if status == 0:
        mutant.verdict = judge_survivor(mutant)
    elif status != 1:
        mutant.verdict = f"status {status}: {output.strip()[-200:]}"
    elif {"deadlock", "budget"} & set(kinds):
        mutant.verdict = "deadlock"
    else:
        mutant.verdict = "hazard" if kinds else "wrong result"
    return mutant


def print_table(mutants):
    columns = ["hazard", "deadlock", "wrong result", "survived",
               "without effect"]
    print(f"{'rule':22}" + "".join(f"{c:>14}" for c in columns + ["drawn"]))
    for rule in sorted({m.site.rule for m in mutants}):
        mine = [m for m in mutants if m.site.rule == rule]
        counts = [sum(m.verdict == c for m in mine) for c in columns]
        print(f"{rule:22}" + "".join(f"{c:14}" for c in counts + [len(mine)]))
    kinds = collections.Counter(k for m in mutants for k in m.hazards)
    print("hazards of  " + ", ".join(f"{k} {n}" for k, n in
                                     kinds.most_common()))


def summarise(mutants):
    without = sum(m.verdict == "without effect" for m in mutants)
    mutants = [m for m in mutants if m.verdict != "without effect"]
    sync = [m for m in mutants
            if m.site.rule in ptx_mutations.SYNCHRONISATION]
    flagged = sum(bool(m.hazards) for m in sync)
    killed = sum(m.verdict != "survived" for m in mutants)
    for m in mutants:
        if m.verdict == "survived" or (m in sync and not m.hazards):
            print(f"{m.verdict}  {m.kernel.name} line {m.site.line}  "
                  f"{m.site.rule}  `{m.site.before.strip()}` -> "
                  f"`{m.site.after.strip()}`")
    print(f"{without} mutants without effect are not counted")
    print(f"flagged {flagged} of {len(sync)} synchronisation mutants, "
          f"killed {killed} of {len(mutants)} mutants")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bin", required=True, help="where attn-run lies")
    parser.add_argument("--compiler", help="default: attn-compile beside it")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if not options.compiler:
        options.compiler = os.path.join(options.bin, "attn-compile")
    return options


def main():
    options = parse_arguments()
    with tempfile.TemporaryDirectory() as directory:
        kernels = [Kernel(options, directory, row) for row in KERNELS]
        for kernel in kernels:
            status, _, output = kernel.run(kernel.ptx, kernel.name + ".same")
            if status:
                print(f"{kernel.name} fails as it is:\n{output}")
                return 1
        mutants = draw(kernels, options.count, options.seed)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(try_mutant, mutants))
    print_table(mutants)
    odd = [m for m in mutants if m.verdict.startswith("status")]
    for m in odd:
        print(f"{m.kernel.name} line {m.site.line} `{m.site.after.strip()}`: "
              f"{m.verdict}")
    summarise(mutants)
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
