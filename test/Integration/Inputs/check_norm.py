#===- check_norm.py - Norms and chains of them against numpy ---------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs attn.norm, alone and beside attn.rope, in many forms on all targets and
holds the results against numpy.

Usage: check_norm.py ATTN_RUN SEED COUNT
"""

import os
import subprocess
import sys
import tempfile

import numpy as np

from attn_testing import language, oracle, rows

TARGETS = [["--device=sim", "--target=sm_80"],
           ["--device=sim", "--target=sm_90a"], ["--target=host"]]


class Function:
    def __init__(self, rng):
        self.batch, self.heads = (int(rng.integers(1, 3)) for _ in range(2))
        self.length = int(rng.integers(1, 90))
        self.d = 8 * int(rng.integers(1, 33))
        self.layout = str(rng.choice(["bhsd", "bshd"]))
        self.element = str(rng.choice(["f16", "bf16", "f32"]))
        chain = rows.draw_chain(rng, "x", self.batch, self.heads, self.length,
                                self.d)
        # What is rounded in between is a matter of the campaign.
        self.chain = rows.Chain(chain.steps, wide=True)

    def shape(self):
        middle = (self.heads, self.length)
        return (self.batch, *(middle if self.layout == "bhsd"
                              else middle[::-1]), self.d)

    def type_with(self, element):
        return f"tensor<{'x'.join(map(str, self.shape()))}x{element}>"

    @staticmethod
    def type_of(tensor):
        return f"tensor<{'x'.join(map(str, tensor.dims))}x{tensor.element}>"

    def mlir(self):
        tensors = self.chain.tensors()
        arguments = [f"%x: {self.type_with(self.element)}"]
        arguments += [f"%{t.name}: {self.type_of(t)}" for t in tensors]
        made = self.type_with(self.element)
        body = self.chain.text("x", self.layout, self.type_with, self.element,
                               self.type_of)
        return (f"func.func @f({', '.join(arguments)}) -> {made} {{\n{body}"
                f"  return %x_made : {made}\n}}\n")

    def in_rows(self, array):
        return array if self.layout == "bhsd" else array.transpose(0, 2, 1, 3)


def excess(function, values, got):
    """By how much the largest error is beyond its bound: half a unit in the last
    place, and what sums, roots and angles of f32 err by."""
    x = function.in_rows(values["x"]).astype(np.float64)
    want = function.chain.apply(x, values, function.element, exact=True)
    unit = 2.0 ** -(oracle.MANTISSA_BITS[function.element] + 1)
    largest = max(np.abs(want).max(initial=0), 1)
    bound = np.abs(want) * unit * 1.01 + 2e-5 * largest
    return (np.abs(function.in_rows(got) - want) - bound).max(initial=0)


def check(attn_run, function, flags, rng, directory):
    values = {"x": oracle.round_to(function.element,
                                   rng.standard_normal(function.shape()))}
    if rng.integers(4) == 0:
        values["x"][..., :1, :] = 0  # a row of zeros
    for tensor in function.chain.tensors():
        values[tensor.name] = language.make_elements(tensor, tensor.dims, rng)
    source, result = (os.path.join(directory, name)
                      for name in ("f.mlir", "r.npy"))
    with open(source, "w", encoding="utf-8") as file:
        file.write(function.mlir())
    command = [attn_run, source, *flags, f"--result=0={result}"]
    for number, (name, array) in enumerate(values.items()):
        path = os.path.join(directory, f"{name}.npy")
        np.save(path, array)
        command.append(f"--arg={number}={path}")
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{function.mlir()}\n{run.stdout}{run.stderr}")
    beyond = excess(function, values, np.load(result).astype(np.float64))
    if not beyond <= 0:
        sys.exit(f"{function.mlir()}{flags}\n"
                 f"differs from numpy by {beyond} more than the bound")


def main():
    attn_run, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as directory:
        for number in range(count):
            check(attn_run, Function(rng), TARGETS[number % len(TARGETS)], rng,
                  directory)
    print(f"{count} of {count} agree")


main()
