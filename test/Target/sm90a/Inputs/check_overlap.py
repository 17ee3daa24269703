#===- check_overlap.py - Where exponentials stand in machine code ----------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_overlap.py NVDISASM DIRECTORY

In each loop over KV tiles, the exponentials of a step that the schedule says, half of
them or all, must stand between the wait for its scores and the wait for the values of
the step before, where products overlap, and the others behind that; and all between
taking and passing the turn, where warpgroups take turns at them. Nothing but the order in machine code tells.
"""

import pathlib
import re
import subprocess
import sys

from attn_testing.case import Case

KEYS = 128
TWO, THREE = ((128, 128), "q=128,warps=8"), ((64, 64), "q=192,warps=12")
WORDS = {"HGMMA": "product", "WARPGROUP.DEPBAR": "wait", "MUFU.EX2": "exp",
         "BAR.SYNC": "take", "BAR.ARV": "pass"}


def events(nvdisasm, directory, warpgroups, schedule):
    dims, rows = warpgroups
    schedule = f"{rows},kv={KEYS},{schedule}"
    source, cubin = directory / "f.mlir", directory / "f.cubin"
    source.write_text(Case(dims=dims, causal="bottom_right",
                           dynamic=frozenset(["qs", "ks", "vs"])).mlir())
    subprocess.run(["attn-compile", source, "--target=sm_90a", "--emit=cubin",
                    f"--schedule={schedule}", "-o", cubin], check=True)
    text = subprocess.run([nvdisasm, "-c", cubin], check=True,
                          capture_output=True, text=True).stdout
    for line in text.splitlines():
        found = re.search("|".join(map(re.escape, WORDS)), line)
        if found:
            yield WORDS[found[0]]


def runs(names):
    """[name, count] of neighbours that are alike."""
    grouped = []
    for name in names:
        if grouped and grouped[-1][0] == name:
            grouped[-1][1] += 1
        else:
            grouped.append([name, 1])
    return grouped


def counts_between(before, after, found):
    return [count for (first, _), (name, count), (last, _)
            in zip(found, found[1:], found[2:])
            if (first, name, last) == (before, "exp", after)]


def expect_half(found):
    """Of a step's exponentials, in both loops, as far as ptxas leaves them."""
    before = [n for n in counts_between("wait", "wait", found)
              if KEYS // 6 <= n <= KEYS // 3]
    assert len(before) >= 2, f"half: {found}"


def expect_between(before, after, where, found):
    """Both loops, of masked and of other tiles, have their exponentials there."""
    assert len([n for n in counts_between(before, after, found)
                if n >= KEYS // 2]) >= 2, f"{where}: {found}"


def main():
    nvdisasm, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    for warpgroups in (TWO, THREE):
        overlap = runs(events(nvdisasm, directory, warpgroups,
                              "persistent=2,prefetch=1,turns=2,overlap=1,wait=100"))
        # The first step's exponentials do not overlap with anything.
        expect_between("wait", "wait", "overlap", overlap)
        expect_half(runs(events(
            nvdisasm, directory, warpgroups,
            "persistent=2,prefetch=1,turns=2,overlap=1,wait=50")))
        turns = runs(events(nvdisasm, directory, warpgroups,
                            "persistent=2,prefetch=1,turns=1,overlap=0"))
        expect_between("wait", "pass", "turns", turns)
        waits = [after for (before, _), (after, _) in zip(turns, turns[1:])
                 if before == "take"]
        assert waits.count("wait") >= 2, turns


main()
