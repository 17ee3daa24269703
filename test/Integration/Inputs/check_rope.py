#===- check_rope.py - Rotary positions against numpy -----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs attn.rope in many forms and holds the results against numpy.

Usage: check_rope.py ATTN_RUN SEED COUNT
"""

import os
import random
import subprocess
import sys
import tempfile

import numpy as np

from attn_testing import rope


def check(attn_run, case, values, directory):
    shape = rope.shape_of(case)
    x = values.standard_normal(shape).astype(np.float32)
    given, positions = rope.draw_positions(case, values)
    path = {name: os.path.join(directory, name)
            for name in ("f.mlir", "x.npy", "p.npy", "r.npy")}
    with open(path["f.mlir"], "w", encoding="utf-8") as file:
        file.write(rope.module(case))
    np.save(path["x.npy"], x)
    command = [attn_run, path["f.mlir"], "--device=sim", "--target=sm_80",
               f"--arg=0={path['x.npy']}", f"--result=0={path['r.npy']}"]
    if given is not None:
        np.save(path["p.npy"], given)
        command.append(f"--arg=1={path['p.npy']}")
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{case}\n{run.stdout}{run.stderr}")
    got = np.load(path["r.npy"]).astype(np.float64)
    if case["layout"] == "bshd":
        x, got = (a.transpose(0, 2, 1, 3) for a in (x, got))
    excess = rope.excess(case, x, positions, got)
    if not excess <= 0:
        sys.exit(f"{case}\ndiffers from numpy by {excess} more than the bound")


def main():
    attn_run, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng, values = random.Random(seed), np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(count):
            check(attn_run, rope.draw(rng), values, directory)
    print(f"{count} of {count} agree")


main()
