#===- run_readme.py - The commands of an example's README ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs every ```sh block of a page, in order.

Usage: run_readme.py PAGE BUILD SOURCE

They run in a temporary directory that looks like the root of the tree. A block
that fails is an error, and so is output that differs from the ``` block that
follows, where one does. Launches and counts of the simulator have to agree to the
digit; of other lines, words and punctuation have to agree, and numbers may be
others. So may everything that is said of this machine's processor.
"""

import os
import re
import subprocess
import sys
import tempfile

BLOCKS = re.compile(r"^```sh\n(.*?)^```\n(?:\n^```\n(.*?)^```$)?",
                    re.MULTILINE | re.DOTALL)
# Errors and times.
NUMBER = re.compile(r"(?<![\w.])-?\d[\d.]*(?:e[-+]?\d+)?(?!\w)")
# Only ptxas knows them.
RESOURCES = re.compile(r"regs \d+  spills \d+ B  ")
# How long the simulator took, and on how many threads.
DURATION = re.compile(r"\([\d.]+ s on \d+ host threads?\)")
# What a processor is called, how many threads it runs, and of a kernel for it the
# schedule and what memory it takes.
PROCESSOR = re.compile(r"(?<=on host )\(.*\)|^host .*|block 1x1x1  scratch .*",
                       re.MULTILINE)
COUNTED = ("kernel ", "sim ")


def words(text):
    for varying in RESOURCES, DURATION, PROCESSOR:
        text = varying.sub("", text)
    return [(line if line.startswith(COUNTED) else NUMBER.sub("N", line)).split()
            for line in text.splitlines()]


def run_block(commands, expected, directory):
    process = subprocess.run(["bash", "-euo", "pipefail", "-c", commands],
                             cwd=directory, capture_output=True, text=True,
                             check=False)
    if process.returncode != 0:
        sys.exit(f"{commands}\nexit status {process.returncode}\n"
                 f"{process.stdout}{process.stderr}")
    if expected and words(expected) != words(process.stdout):
        sys.exit(f"{commands}\nexpected\n{expected}\ngot\n{process.stdout}")


def main():
    readme, build, source = sys.argv[1:]
    with open(readme, encoding="utf-8") as file:
        blocks = BLOCKS.findall(file.read())
    if not blocks:
        sys.exit(f"{readme} has no ```sh block")
    with tempfile.TemporaryDirectory() as directory:
        os.symlink(build, os.path.join(directory, "build"))
        for folder in ("docs", "examples", "fuzz", "python", "scripts",
                       "test"):
            os.symlink(os.path.join(source, folder),
                       os.path.join(directory, folder))
        for commands, expected in blocks:
            run_block(commands, expected, directory)


main()
