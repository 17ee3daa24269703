#===- compile_many_arguments.py - How compile time grows -------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: compile_many_arguments.py COMPILER FILE.mlir

Compiles a function with few and with many arguments that nothing reads, and
compares each stage's time; the better of two, since other work disturbs it.
"""

import json
import pathlib
import subprocess
import sys

FEW, MANY = 150, 600
Q = "tensor<1x1x8x64xbf16>"


def compile_with(count, compiler, path):
    args = "".join(f", %a{i}: tensor<?x?xf32>" for i in range(count))
    pathlib.Path(path).write_text(
        f"func.func @f(%q: {Q}{args}) -> {Q} {{\n"
        f"  %o = attn.sdpa %q, %q, %q : ({Q}, {Q}, {Q}) -> {Q}\n"
        f"  return %o : {Q}\n}}\n")
    report = subprocess.run(
        [compiler, path, "--target=sm_80", "--report=json", "-o", path + ".so"],
        check=True, capture_output=True, text=True).stdout
    return json.loads(report)["compile_seconds"]


def best_of_two(count, compiler, path):
    first, second = (compile_with(count, compiler, path) for _ in range(2))
    return {stage: min(first[stage], second[stage]) for stage in first}


def main():
    few, many = (best_of_two(count, *sys.argv[1:]) for count in (FEW, MANY))
    for stage, seconds in many.items():
        if seconds > 0.1 + 9 * few[stage]:
            sys.exit(f"{stage}: {few[stage]:.2f} s for {FEW} arguments, "
                     f"{seconds:.2f} s for {MANY}")
    print("4 times as many arguments take less than 9 times as long in each stage")


main()
