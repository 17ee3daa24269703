#===- run_mutants.py - Kernels that are broken on purpose ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Breaks a kernel's PTX in one place at a time and expects to be told.

Usage: run_mutants.py PACKAGE PTX DIRECTORY FLAGS…

Runs attn-run on the package with the PTX as it is, which must pass, and with
every mutant, which must end with status 1: a hazard or a wrong result. FLAGS are
those of attn-run. Prints a line for each mutant.
"""

import os
import re
import subprocess
import sys

import numpy as np

# Name, what is looked for, what stands there instead; and whether each match is
# a mutant of its own. Where a single one may change nothing, since not every
# copy crosses an edge nor every key the diagonal, all are changed at once.
MUTATIONS = [
    ("wait dropped", r"cp\.async\.wait_group\s+0;", "", True),
    ("wait too weak", r"cp\.async\.wait_group\s+0;",
     "cp.async.wait_group 1;", True),
    ("barrier dropped", r"bar\.sync\s+0;", "", True),
    ("copies not cut off at the edge",
     r"(cp\.async\.cg\S+ [^;]*, 16), %r\d+;", r"\1;", False),
    ("copy to the wrong address", r"(cp\.async\.cg\S+ \[%rd\d+\+\d+)\]",
     r"\1+16]", True),
    ("swizzle undone", r"xor\.b32 \s*(%r\d+), (%r\d+), (?:32|64|96);",
     r"mov.b32 \1, \2;", True),
    ("not transposed", r"ldmatrix(\S+)\.trans", r"ldmatrix\1", True),
    ("registers of an operand swapped",
     r"(ldmatrix\S+ \{%r\d+), (%r\d+), (%r\d+)", r"\1, \3, \2", True),
    ("one lane too few", r"(shfl\.sync\.bfly\S+ \s*[^;]*), 2, 31, -1;",
     r"\1, 4, 31, -1;", True),
    ("one key too few", r"setp\.gt\.s32", "setp.ge.s32", False),
]

# Of the function's third argument.
VALUES_SHAPE = (1, 1, 203, 64)

# A mutation with very many matches is tried on a spread of them.
MOST = 6


def only_tells_nan(ptx, match):
    """Whether the sum that the shuffle is added to is only asked for NaN, which a lane
    more or less does not change."""
    moved = re.search(r"%r\d+", match.group()).group()
    added = re.search(rf"add\S*\s+(%r\d+), %r\d+, {moved};", ptx[match.end():])
    if not added:
        return False
    uses = re.findall(rf"^.*[ ,]{added.group(1)}\b.*$", ptx[match.end() + added.end():],
                      flags=re.M)
    return bool(uses) and all("setp.nan" in use for use in uses)


def mutants(ptx):
    """(name, text) of each; the text is None where nothing was found."""
    for name, pattern, replacement, is_single in MUTATIONS:
        matches = [match for match in re.finditer(pattern, ptx)
                   if not (name == "one lane too few" and
                           only_tells_nan(ptx, match))]
        if not matches:
            yield name, None
        elif not is_single:
            yield name, re.sub(pattern, replacement, ptx)
        else:
            for match in matches[::max(1, len(matches) // MOST)]:
                line = ptx.count("\n", 0, match.start()) + 1
                yield (f"{name}, line {line}",
                       ptx[:match.start()] + match.expand(replacement) +
                       ptx[match.end():])


def main():
    package, source, directory, *flags = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        ptx = file.read()
    path = os.path.join(directory, "mutant.ptx")

    # What is alive on drawn arguments is tried on masked values that are not finite,
    # too, which have code of their own.
    values = np.random.default_rng(1).standard_normal(VALUES_SHAPE)
    values[0, 0, [20, 90, 150, 202]] = np.nan
    poisoned = os.path.join(directory, "values.npy")
    np.save(poisoned, values.astype(np.float32))

    def run(text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        for more in [], [f"--arg=2={poisoned}"]:
            process = subprocess.run(
                ["attn-run", package, "--device=sim", f"--replace-ptx={path}",
                 *flags, *more], capture_output=True, text=True, check=False)
            if process.returncode != 0:
                break
        return process

    process = run(ptx)
    if process.returncode != 0:
        sys.exit(f"the kernel itself fails:\n{process.stderr}")
    alive = 0
    for name, text in mutants(ptx):
        if text is None:
            print(f"NOT FOUND {name}")
            alive += 1
            continue
        process = run(text)
        is_killed = process.returncode == 1
        alive += not is_killed
        print(f"{'killed' if is_killed else 'ALIVE'} {name}: "
              f"{process.stderr.strip() or process.returncode}")
    sys.exit(f"{alive} not noticed" if alive else 0)


main()
