#===- make_seeds.py - Good inputs to start from ----------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Writes DIRECTORY/KIND/… for every kind of input.

Usage: make_seeds.py BUILD DIRECTORY

Most come out of this tree: its tests, its examples, what its tools make of
them. NumPy writes the arrays.
"""

import glob
import os
import shutil
import subprocess
import sys

import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

SDPA = """func.func @f(%q: {q}, %k: {k}) -> {q} {{
  %o = attn.sdpa %q, %k, %k {clauses} : ({q}, {k}, {k}) -> {q}
  return %o : {q}
}}
"""
QUERIES, KEYS = "tensor<?x4x?x16xbf16>", "tensor<?x2x?x16xbf16>"
SMALL = "q=16,kv=16,warps=1"


class Seeds:
    def __init__(self, build, directory):
        self.bin = os.path.join(build, "bin")
        self.fixtures = os.path.join(build, "runtime", "test", "unit",
                                     "Fixtures")
        self.directory = directory

    def path(self, kind, name):
        os.makedirs(os.path.join(self.directory, kind), exist_ok=True)
        return os.path.join(self.directory, kind, name)

    def write(self, kind, name, text):
        with open(self.path(kind, name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(kind, name)

    def run(self, tool, *arguments):
        subprocess.run([os.path.join(self.bin, tool), *arguments], check=True,
                       stderr=subprocess.DEVNULL)


def write_text(seeds):
    for clauses in ("", "causal(bottom_right) window(5, 0)",
                    "scale(0.5) layout(bshd) masked_row(nan)"):
        name = f"sdpa-{len(clauses)}.mlir"
        path = seeds.write("text", name, SDPA.format(q=QUERIES, k=KEYS,
                                                     clauses=clauses))
        seeds.run("attn-compile", path, "--target=sm_80", "--emit=tile",
                  f"--schedule={SMALL},stages=1", "-o",
                  seeds.path("text", f"tile-{name}"))
    for pattern in ("examples/*/*.mlir", "test/Dialect/*/ops.mlir",
                    "test/Dialect/Attn/rope.mlir",
                    "test/Dialect/Attn/canonicalize.mlir"):
        for path in glob.glob(os.path.join(ROOT, pattern)):
            with open(path, encoding="utf-8") as file:
                # Its parsers crash on damaged text.
                if "linalg." in file.read():
                    continue
            folder = os.path.basename(os.path.dirname(path))
            shutil.copy(path, seeds.path("text", f"{folder}-" +
                                         os.path.basename(path)))


def write_bytecode(seeds):
    texts = seeds.path("text", "")
    for name in os.listdir(texts):
        seeds.run("attn-opt", os.path.join(texts, name), "--emit-bytecode",
                  "-o", seeds.path("bytecode", name + "bc"))


def write_ptx(seeds):
    source = seeds.path("text", "sdpa-0.mlir")
    for stages in 1, 2:
        seeds.run("attn-compile", source, "--target=sm_80", "--emit=ptx",
                  f"--schedule={SMALL},stages={stages}", "-o",
                  seeds.path("ptx", f"sdpa-{stages}.ptx"))
    for path in glob.glob(os.path.join(ROOT, "fuzz", "seeds", "*.ptx")):
        shutil.copy(path, seeds.path("ptx", os.path.basename(path)))


def write_npy(seeds):
    for number, kind in enumerate(("f2", "f4", "f8", "i4", "i8")):
        array = numpy.arange(24, dtype=f"<{kind}").reshape(2, 3, 4)
        numpy.save(seeds.path("npy", f"{kind}.npy"), array)
        with open(seeds.path("npy", f"version-{kind}.npy"), "wb") as file:
            numpy.lib.format.write_array(file, array[:, :number],
                                         version=(1 + number % 3, 0))
    numpy.save(seeds.path("npy", "scalar.npy"), numpy.float32(1))


def write_packages(seeds):
    for name in "one", "several", "none":
        shutil.copy(os.path.join(seeds.fixtures, f"{name}.so"),
                    seeds.path("package", f"{name}.so"))
    seeds.run("attn-compile", seeds.path("text", "sdpa-0.mlir"),
              "--target=sm_80", f"--schedule={SMALL},stages=1", "-o",
              seeds.path("package", "sdpa.so"))


def main():
    seeds = Seeds(*sys.argv[1:])
    for write in (write_text, write_bytecode, write_ptx, write_npy,
                  write_packages):
        write(seeds)


main()
