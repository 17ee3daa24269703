#===- check_tensor_gradients.py - Gradients of what scores read -----------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs the gradients of functions whose scores read tensors in every form.

Usage: check_tensor_gradients.py ATTN_RUN DIRECTORY TARGET SHARE NUMBER

Of the functions, every SHARE-th one from NUMBER on is run.

The judge of each has to be content, numpy to agree by the same rule, and the
simulator to find no hazard. Lengths end within tiles, and the last elements of
biases are large: queries and keys behind the last must not weigh anything.
"""

import json
import os
import subprocess
import sys

import numpy as np

from attn_testing import gradients, oracle, tensor_programs
from attn_testing.case import Case

ALL = frozenset(a + b for a in "qkv" for b in "bhs")


def make_values(program, rng):
    values = program.values(rng)
    for tensor in gradients.differentiated(program):
        if tensor.name == "bias" and program.case.element != "f32":
            array = values[tensor.name]
            array[..., -1:, -1:] = 96 if array.shape[-2] > 1 else 4
    case = program.case
    for x in case.results:
        values[f"d{x}"] = oracle.round_to(gradients.element(program, x),
                                          rng.standard_normal(case.shape(x)))
    return values


def run(attn_run, directory, target, program, values):
    """The gradients by name."""
    source = os.path.join(directory, "f.mlir")
    with open(source, "w", encoding="utf-8") as file:
        file.write(program.mlir())
    names = ["q", "k", "v", *(t.name for t in program.tensors()),
             *(f"d{x}" for x in program.case.results)]
    for x in names:
        np.save(os.path.join(directory, f"{x}.npy"), values[x])
    path = {x: os.path.join(directory, f"{x}.npy")
            for x in [*names, *(f"grad-{x}" for x in gradients.names(program))]}
    record = os.path.join(directory, "record.json")
    command = [attn_run, source, "--vjp", f"--target={target}",
               f"--device={'host' if target == 'host' else 'sim'}",
               f"--json={record}",
               *(f"--arg={n}={path[x]}" for n, x in enumerate(names)),
               *(f"--result={n}={path['grad-' + x]}"
                 for n, x in enumerate(gradients.names(program)))]
    process = subprocess.run(command, capture_output=True, text=True,
                             check=False)
    if process.returncode != 0:
        sys.exit(f"{program.mlir()}\n{' '.join(command)}\n{process.stdout}"
                 f"{process.stderr}")
    with open(record, encoding="utf-8") as file:
        sim = json.load(file)["sim"]
    if sim and sim["hazards"]:
        sys.exit(f"{program.mlir()}\n{sim['hazards']}")
    return {x: np.load(path[f"grad-{x}"]) for x in gradients.names(program)}


def main():
    attn_run, directory, target, *numbers = sys.argv[1:]
    share, first = map(int, numbers)
    os.makedirs(directory, exist_ok=True)
    one = Case(element="f32" if target == "host" else "f16", batch=2,
               lengths=(37, 75), dims=(32, 48))
    two = Case(batch=2, heads=(4, 2), lengths=(70, 53), dims=(64, 64),
               layout="bshd", causal="bottom_right", dynamic=ALL)
    programs = tensor_programs.programs(one, two)
    chosen = list(enumerate(programs))[first % share::share]
    for number, program in chosen:
        values = make_values(program, np.random.default_rng(number))
        actual = run(attn_run, directory, target, program, values)
        reference, baseline = (gradients.gradients(program, values, exact)
                               for exact in (True, False))
        for x in gradients.names(program):
            wrong = gradients.judge(program, x, actual[x].astype(np.float64),
                                    reference[x], baseline[x])
            if wrong:
                sys.exit(f"{program.mlir()}\nnumpy does not agree: {wrong}")
    print(f"{target}: {len(chosen)} functions agree")


main()
