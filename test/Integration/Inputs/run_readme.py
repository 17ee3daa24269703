#===- run_readme.py - The commands of an example's README ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs every ```sh block of a page, in order, and times each.

Usage: run_readme.py PAGE SECONDS BUILD SOURCE

They run in a temporary directory that looks like the root of the tree. A block
that fails or takes longer than SECONDS is an error, and so is output that
differs from the ``` block that follows, where one does: words and punctuation
have to agree, numbers may be others.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

BLOCKS = re.compile(r"^```sh\n(.*?)^```\n(?:\n^```\n(.*?)^```$)?",
                    re.MULTILINE | re.DOTALL)
# Errors, counts, times.
NUMBER = re.compile(r"(?<![\w.])-?\d[\d.]*(?:e[-+]?\d+)?(?!\w)")
# What only ptxas knows.
RESOURCES = re.compile(r"regs \d+  spills \d+ B  ")


def words(text):
    return NUMBER.sub("N", RESOURCES.sub("", text)).split()


def run_block(commands, expected, limit, directory):
    start = time.monotonic()
    process = subprocess.run(["bash", "-euo", "pipefail", "-c", commands],
                             cwd=directory, capture_output=True, text=True,
                             check=False)
    seconds = time.monotonic() - start
    print(f"{seconds:.2f} s: {commands}")
    if process.returncode != 0:
        sys.exit(f"exit status {process.returncode}\n{process.stdout}"
                 f"{process.stderr}")
    if seconds > limit:
        sys.exit(f"took {seconds:.2f} s, more than {limit} s")
    if expected and words(expected) != words(process.stdout):
        sys.exit(f"expected\n{expected}\ngot\n{process.stdout}")


def main():
    readme, limit, build, source = sys.argv[1:]
    with open(readme, encoding="utf-8") as file:
        blocks = BLOCKS.findall(file.read())
    if not blocks:
        sys.exit(f"{readme} has no ```sh block")
    with tempfile.TemporaryDirectory() as directory:
        os.symlink(build, os.path.join(directory, "build"))
        for folder in "examples", "fuzz", "test":
            os.symlink(os.path.join(source, folder),
                       os.path.join(directory, folder))
        for commands, expected in blocks:
            run_block(commands, expected, float(limit), directory)


main()
