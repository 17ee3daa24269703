#===- bench.py - Seconds of the compiler, speed of the simulator -----------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Measures what needs no GPU, on examples/01-causal-gqa.

Usage: bench.py --bin DIR [--runs N]

- seconds of attn-compile, the whole process, from IR to PTX and to a package;
- warp instructions that the simulator executes per second and host thread, from
  the run record (execution only).

The runs of all of them take turns, so that a slow minute of the machine meets
each. Prints Markdown.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time

EXAMPLE = "examples/01-causal-gqa/causal-gqa.mlir"
LENGTHS = (200, 256, 1024)


def seconds_of(command, environment=None):
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL,
                   env=dict(os.environ, **(environment or {})))
    return time.monotonic() - start


def simulate(binaries, package, length, threads, directory):
    """Million warp instructions per second and thread."""
    record = os.path.join(directory, "record.json")
    shapes = [f"--shape={n}=1x{heads}x{length}x128"
              for n, heads in enumerate((32, 8, 8))]
    subprocess.run([f"{binaries}/attn-run", package, "--device=sim",
                    f"--json={record}", *shapes], check=True,
                   stdout=subprocess.DEVNULL,
                   env=dict(os.environ, ATTNRT_SIM_THREADS=str(threads)))
    with open(record, encoding="utf-8") as file:
        sim = json.load(file)["sim"]
    return sim["warp_instructions"] / sim["seconds"] / sim["threads"] / 1e6


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.machine()


def print_table(unit, rows):
    print(f"| {unit} | bar | min | median | max |\n"
          "|---|---|---|---|---|")
    for name, bar, values in rows:
        print(f"| {name} | {bar} | {min(values):.3g} | "
              f"{statistics.median(values):.3g} | {max(values):.3g} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    compiler = [f"{options.bin}/attn-compile", EXAMPLE, "--target=sm_80"]

    with tempfile.TemporaryDirectory() as directory:
        package = os.path.join(directory, "example.so")
        ptx = os.path.join(directory, "example.ptx")
        subprocess.run([*compiler, "-o", package], check=True)
        compiling = {"PTX": [], "package with cubin": [],
                     "package without ptxas": []}
        simulating = {(length, threads): [] for length in LENGTHS
                      for threads in sorted({1, os.cpu_count()})}
        for _ in range(options.runs):
            compiling["PTX"].append(
                seconds_of([*compiler, "--emit=ptx", "-o", ptx]))
            compiling["package with cubin"].append(
                seconds_of([*compiler, "-o", package]))
            compiling["package without ptxas"].append(
                seconds_of([*compiler, "-o", package], {"ATTN_PTXAS": ""}))
            for (length, threads), values in simulating.items():
                values.append(simulate(options.bin, package, length, threads,
                                       directory))

    print(f"{datetime.date.today()}, {options.runs} runs, {os.cpu_count()} "
          f"cores of {processor()}, no GPU\n")
    print_table("seconds", [
        (f"IR to {name}", "0.3" if name == "PTX" else "1.5", values)
        for name, values in compiling.items()])
    print()
    print_table("10^6 warp instructions / s / thread", [
        (f"simulator, S = {length}, {threads} threads", "10", values)
        for (length, threads), values in simulating.items()])


main()
