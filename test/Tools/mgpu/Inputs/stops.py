#===- stops.py - How a gpu program ends ------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: stops.py PROGRAM.mlir LOWER… -- RUN…

Changes one thing of the program at a time, lowers and runs it, and looks at its
end: the exit status, one `error:` line on stderr that says what it should, and
no result on stdout. The program itself must run to its end.
"""

import re
import subprocess
import sys

# Name, text to replace, replacement, exit status, pattern of the error line.
CASES = [
    ("past the end", "threads = arith.constant 64", "threads = arith.constant 65",
     1, r"kernel copy: 2 hazards, the first: oob at PTX line \d+: .*256-byte"),
    ("never written", "%t2 = gpu.memset async [%t1] %a, %one : memref<64xf32>, f32",
     "%t2 = gpu.wait async [%t1]",
     1, r"kernel copy: .*uninit at PTX line \d+: "),
    ("host memory", "args(%a : memref<64xf32>, %b",
     "args(%host : memref<64xf32>, %b",
     1, r"kernel copy: .*oob at PTX line \d+: "),
    ("too many threads", "threads = arith.constant 64",
     "threads = arith.constant 2048",
     2, r"kernel copy: cannot launch `copy`: expected a block of 1 to 1024 threads"),
    ("no threads", "threads = arith.constant 64", "threads = arith.constant 0",
     2, r"cannot launch blocks of 0x1x1"),
    ("too large a grid", "blocks in (%c1, %c1, %c1)",
     "blocks in (%threads, %huge, %c1)",
     2, r"kernel copy: cannot launch `copy`: expected a grid"),
    ("too much memory", "%b, %t1 = gpu.alloc async [%t0] () : memref<64xf32>",
     "%b, %t1 = gpu.alloc async [%t0] () : memref<64xf32>\n"
     "  %big, %t1b = gpu.alloc async [%t1] () : memref<99999999999999xf32>\n"
     "  %t1c = gpu.memset async [%t1b] %big, %one : memref<99999999999999xf32>, f32",
     3, r"out of device memory: asked for 363.8 TiB, there is"),
    ("device 1", "%stream = gpu.wait async",
     "%dev = arith.constant 1 : i32\n  gpu.set_default_device %dev\n"
     "  %stream = gpu.wait async",
     3, r"device 1 was asked for"),
    ("clusters", "@copy blocks in", "@copy clusters in (%two, %c1, %c1) blocks in",
     2, r"kernel copy: cannot launch `copy`: clusters need target"),
    ("registered twice", "%stream = gpu.wait async",
     "%uh = memref.cast %host : memref<64xf32> to memref<*xf32>\n"
     "  gpu.host_register %uh : memref<*xf32>\n"
     "  gpu.host_register %uh : memref<*xf32>\n  %stream = gpu.wait async",
     2, r"host range at 0x[0-9a-f]+ "),
]


def run(lower, runner, text):
    low = subprocess.run(lower, input=text, capture_output=True, text=True)
    if low.returncode:
        sys.exit(f"could not be lowered: {low.stderr}")
    return subprocess.run(runner, input=low.stdout, capture_output=True,
                          text=True)


def complaint(result, status, pattern):
    errors = [line for line in result.stderr.splitlines()
              if line.startswith("error:")]
    if result.returncode != status:
        return f"expected status {status}, got {result.returncode}"
    if len(errors) != 1:
        return f"expected one error line, got {len(errors)}"
    if not re.match("error: " + pattern, errors[0]):
        return f"expected {pattern}"
    if result.stdout:
        return "went on"
    if status == 1 and not re.search(r"^hazard +\w+  PTX line \d+  cta 0,0,0",
                                     result.stderr, re.MULTILINE):
        return "the hazard is not printed"
    return None


def main(path, *commands):
    split = commands.index("--")
    lower, runner = list(commands[:split]), list(commands[split + 1:])
    text = open(path, encoding="utf-8").read()
    text = text.replace(
        "  %host =", "  %huge = arith.constant 4294967295 : index\n"
        "  %two = arith.constant 2 : index\n  %host =")
    result = run(lower, runner, text)
    if result.returncode or "[1,  1," not in result.stdout:
        sys.exit(f"the program does not run: {result.stderr}")
    failures = 0
    for name, old, new, status, pattern in CASES:
        if text.count(old) != 1:
            sys.exit(f"{name}: the program has no '{old}'")
        result = run(lower, runner, text.replace(old, new))
        wrong = complaint(result, status, pattern)
        if wrong:
            failures += 1
            print(f"{name}: {wrong}\n{result.stderr}")
    sys.exit(1 if failures else 0)


main(*sys.argv[1:])
