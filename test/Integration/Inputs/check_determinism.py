#===- check_determinism.py - Gradients are the same bits ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_determinism.py ATTN_RUN SOURCE DIRECTORY

Runs the gradients of a function of causal attention in several orders of
completion, with `deterministic`, and compares all bits of all results.
"""

import os
import pathlib
import subprocess
import sys

ORDERS = ["late", "early", "torn", "random:1", "random:2"]
SHAPES = ["1x8x150x64", "1x2x150x64", "1x2x150x64", "1x8x150x64", "1x8x150"]


def results(runner, source, target, order, directory):
    paths = [directory / f"{target}-{order}-{n}.npy" for n in range(3)]
    subprocess.run(
        [runner, source, "--vjp", "--device=sim", f"--target={target}",
         "--schedule=deterministic=1", f"--sim-schedule={order}",
         *(f"--shape={n}={shape}" for n, shape in enumerate(SHAPES)),
         *(f"--result={n}={path}" for n, path in enumerate(paths))],
        env=dict(os.environ, ATTNRT_SIM_SEED=str(len(order))), check=True,
        stdout=subprocess.DEVNULL)
    return [path.read_bytes() for path in paths]


def main():
    runner, source, directory = sys.argv[1:]
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for target in ("sm_80", "sm_90a"):
        first, *others = [results(runner, source, target, order, directory)
                          for order in ORDERS]
        for order, other in zip(ORDERS[1:], others):
            if other != first:
                sys.exit(f"{target}: {order} gives other bits than {ORDERS[0]}")
        print(f"{target}: {len(ORDERS)} orders agree")


main()
