#===- run_blocks.py - Runs kernels that are named after their results -----===//
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""run_blocks.py FILE.ptx: each kernel takes 512 numbers in two blocks of 256
threads and gives 512; the first word of its name says what. Two orders, no
hazard."""

import re
import subprocess
import sys

import numpy as np

THREADS = 256
RESULTS = {
    "sum": lambda x: np.full_like(x, x.sum()),
    "max": lambda x: np.full_like(x, x.max()),
    "scan": np.cumsum,
    "sort": np.sort,
    "reverse": lambda x: x[::-1],
    "transpose": lambda x: x.reshape(16, 16).T.ravel(),
    "digits": lambda x: np.array([np.sum(x % 10 == n % 10) for n in x]),
}


def run(path, name, order):
    return subprocess.run(
        ["ptx-run", path, f"--entry={name}", "--grid=2", f"--block={THREADS}",
         f"--order={order}", "i32[512]:out.npy", "in.npy"],
        capture_output=True, text=True, check=False)


def main():
    path = sys.argv[1]
    numbers = np.random.default_rng(1).integers(0, 1000, 2 * THREADS)
    np.save("in.npy", numbers.astype(np.int32))
    with open(path) as text:
        names = re.findall(r"\.visible \.entry (\w+)\(", text.read())
    wrong = 0
    for name in names:
        result_of = RESULTS[name.split("_")[0]]
        expected = np.concatenate(
            [result_of(block) for block in np.split(numbers, 2)])
        for order in "late", "early":
            done = run(path, name, order)
            if done.returncode == 0 and (np.load("out.npy") == expected).all():
                continue
            wrong += 1
            print(f"{name}, {order}: status {done.returncode}\n{done.stdout}"
                  f"{done.stderr}")
    print(f"{len(names)} kernels, {wrong} wrong")
    return 1 if wrong or not names else 0


sys.exit(main())
