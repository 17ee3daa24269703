#===- instruction_counts.py - What tests of machine code share -------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Compiles kernels with all dimensions dynamic, and an LSE, for counting."""

import dataclasses
import json
import pathlib
import subprocess

from machinecode import disassembly, flow, kinds

from attn_testing.case import Case

ALL = frozenset(operand + dim for operand in "qkv" for dim in "bhs")


@dataclasses.dataclass
class Kernel:
    dims: tuple
    element: str
    schedule: dict
    blocks: list
    ptx: str

    @property
    def name(self):
        return "/".join(map(str, self.dims))

    @property
    def padded(self):
        return [-(-dim // 16) * 16 for dim in self.dims]


def parse_dims(text):
    """Of "64,192x128": pairs."""
    for dims in text.split(","):
        first, _, second = dims.partition("x")
        yield int(first), int(second or first)


def run_compiler(source, target, schedule, *flags):
    if schedule:
        flags = (*flags, f"--schedule={schedule}")
    return subprocess.run(
        ["attn-compile", source, f"--target={target}", *flags],
        check=True, text=True, stdout=subprocess.PIPE).stdout


def parse_schedule(text):
    return {key: int(value) for key, value in (
        pair.split("=") for pair in text.split(","))}


def compile_kernels(nvdisasm, directory, target, every_dims, elements,
                    schedule=None):
    """A Kernel for each of the pairs of dimensions and the elements."""
    cases = {f"d{dims[0]}x{dims[1]}_{element}": Case(
        element=element, dims=dims, dynamic=ALL)
        for dims in every_dims for element in elements}
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    source, cubin = directory / "kernels.mlir", directory / "kernels.cubin"
    ptx = directory / "kernels.ptx"
    source.write_text("".join(c.mlir(name) for name, c in cases.items()))
    report = run_compiler(source, target, schedule, "--emit=cubin",
                          "--report=json", "-o", cubin)
    run_compiler(source, target, schedule, "--emit=ptx", "-o", ptx)
    code = {name: flow.make_blocks(lines) for name, lines in
            disassembly.disassemble(nvdisasm, cubin).functions.items()}
    texts = {text.split("(")[0]: text
             for text in ptx.read_text().split(".visible .entry ")[1:]}
    schedules = {kernel["name"]: parse_schedule(kernel["schedule"])
                 for kernel in json.loads(report)["kernels"]}
    return [Kernel(case.dims, case.element, schedules[f"{name}_0"],
                   code[f"{name}_0"], texts[f"{name}_0"])
            for name, case in cases.items()]


def print_table(rows):
    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for row in rows[1:]:
        print("| " + " | ".join(str(cell) for cell in row) + " |")


def unmasked_loop(blocks):
    """Instructions of the loop with products that selects no scores."""
    bodies = [flow.instructions_of(blocks, sorted(loop.blocks))
              for loop in flow.loops(blocks)]
    found = [body for body in bodies if any(map(kinds.is_product, body))]
    unmasked = [body for body in found
                if sum(i.name == "FSEL" for i in body) <= 4]
    if len(unmasked) != 1:
        raise ValueError(f"expected one unmasked loop, got {len(unmasked)} of "
                         f"{len(found)} loops with MMAs")
    return unmasked[0]
