#===- refuse_samples.py - Damaged inputs that the tools must refuse --------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: refuse_samples.py DIRECTORY PACKAGE

DIRECTORY has a folder of inputs for each kind. Some of each go through the
tools as a person would give them; PACKAGE is what arrays and PTX are for.
"""

import os
import shutil
import sys

import refused

SAMPLES = 8
SHAPES = ["--shape=0=1x4x8x16", "--shape=1=1x2x8x16"]
OUTPUTS = ["--device=sim", "--json=record.json", "--result=0=out.npy"]


def command(kind, path, package):
    if kind in ("text", "bytecode"):
        return ["attn-compile", path, "-o", "out.so", "--report=json"]
    if kind == "package":
        return ["attn-run", path, *SHAPES, *OUTPUTS]
    if kind == "ptx":
        return ["attn-run", package, f"--replace-ptx={path}", *SHAPES, *OUTPUTS]
    return ["attn-run", package, f"--arg=0={path}", SHAPES[1], *OUTPUTS]


ENDINGS = {"text": ".mlir", "bytecode": ".mlirbc", "ptx": ".ptx",
           "npy": ".npy", "package": ".so"}


def main():
    directory, package = sys.argv[1:]
    failures = 0
    for kind, ending in ENDINGS.items():
        folder = os.path.join(directory, kind)
        names = sorted(os.listdir(folder), key=int)
        for name in names[::len(names) // SAMPLES]:
            path = os.path.join(folder, name)
            named = shutil.copy(path, path + ending)
            failures += not refused.check(2, "", command(kind, named, package))
    sys.exit(1 if failures else 0)


main()
