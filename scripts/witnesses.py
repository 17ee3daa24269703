#!/usr/bin/env python3
#===- witnesses.py - The PTX of kernels/*.cu -------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Makes the PTX beside runtime/test/sim/kernels/*.cu, or checks that it is what
the compilers make.

Usage: witnesses.py [--check] [--nvcc FILE] [--clang FILE] [--cuda DIR]

--check compares but for comments (builds of one release may number themselves) and
writes nothing. Exits 1 where something differs, 2 where a compiler fails or is of
another release than the committed text, which then says nothing.
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

KERNELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                       "runtime", "test", "sim", "kernels")

# Source, whether clang makes it too.
SOURCES = [("atomics", True), ("calls", False), ("flash", True), ("floats", False),
           ("foreign", False),
           ("halves", False), ("hopper", False), ("integers", True), ("lanes", True),
           ("matrices", False), ("memory", True), ("mma", True),
           ("pipeline", True), ("reductions", True), ("stmatrix", False)]

# What is newer than the oldest target.
ARCHITECTURES = {"hopper": "sm_90a", "stmatrix": "sm_90"}


def fail(message, status=2):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(status)


def command_of(compiler, options, source, output):
    architecture = ARCHITECTURES.get(source, "sm_80")
    path = source + ".cu"  # from where it stands: assertions name it
    if compiler == "nvcc":
        return [options.nvcc, f"-arch={architecture}", "-std=c++17", "-ptx",
                "-o", output, path]
    return [options.clang, "-x", "cuda", f"--cuda-path={options.cuda}",
            f"--cuda-gpu-arch={architecture}", "--cuda-device-only", "-O3",
            "-Wno-unknown-cuda-version", "-S", "-o", output, path]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def code_of(text):
    """The lines without comments and blank ones."""
    lines = (line.split("//")[0].rstrip() for line in text.split("\n"))
    return [line for line in lines if line]


def release_of(text):
    """What PTX says of the nvcc that made it; None of other compilers."""
    found = re.search(r"Cuda compilation tools, release (\S+),", text)
    return found and found[1]


def check(name, made, kept):
    """True when the two agree."""
    if release_of(made) != release_of(kept):
        fail(f"{name} was made by release {release_of(kept)} of nvcc, this is "
             f"{release_of(made)}")
    if code_of(made) == code_of(kept):
        return True
    line = next((n for n, pair in enumerate(zip(code_of(made), code_of(kept)))
                 if pair[0] != pair[1]), "of the end")
    print(f"{name} is not what its source makes: from line {line} of code")
    return False


def make(options, source, compiler, directory):
    """True when a check, if it is one, finds nothing."""
    name = f"{source}.{compiler}.ptx"
    path = os.path.join(KERNELS, name)
    output = os.path.join(directory, name) if options.check else path
    done = subprocess.run(command_of(compiler, options, source, output),
                          cwd=KERNELS, capture_output=True, text=True)
    if done.returncode:
        fail(f"{compiler} refuses {source}.cu: {done.stderr.strip()}")
    return not options.check or check(name, read(output), read(path))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--nvcc", default="nvcc")
    parser.add_argument("--clang", default="clang-22")
    parser.add_argument("--cuda", help="the toolkit whose headers clang takes; "
                        "default: that of nvcc")
    options = parser.parse_args()
    nvcc = shutil.which(options.nvcc)
    if not nvcc:
        fail(f"there is no '{options.nvcc}'")
    if not options.cuda:
        options.cuda = os.path.dirname(os.path.dirname(os.path.realpath(nvcc)))
    return options


def main():
    options = parse_arguments()
    jobs = [(source, compiler) for source, is_both in SOURCES
            for compiler in ("nvcc", "clang") if is_both or compiler == "nvcc"]
    kept = {f"{source}.{compiler}.ptx" for source, compiler in jobs}
    others = {f for f in os.listdir(KERNELS) if f.endswith(".ptx")} - kept
    if others:
        fail(f"no source makes {', '.join(sorted(others))}", 1)
    with tempfile.TemporaryDirectory() as directory, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        agrees = all(list(pool.map(
            lambda job: make(options, *job, directory), jobs)))
    if options.check and agrees:
        print(f"{len(jobs)} files are what their sources make")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
