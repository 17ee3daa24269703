#===- kernels.py - Kernels in files ----------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Reads packages and cubins: each kernel's resources, what is known of what it
computes, and the steps of its loops."""

import dataclasses
import os
import tempfile
from typing import List, Optional

from attnrt import package_file
from machinecode import cubin, disassembly, steps
from machinecode.cubin import Resources
from machinecode.steps import Step

from attn_bench.failures import BadInput


@dataclasses.dataclass(frozen=True)
class Facts:
    """Of the attention that a kernel computes."""
    dims: tuple  # of query and key, of value
    element: str
    is_masked: bool

    def __str__(self):
        dims = "/".join(map(str, dict.fromkeys(self.dims)))
        return f"d {dims}, {self.element}, " + (
            "masked" if self.is_masked else "no mask")


@dataclasses.dataclass
class Kernel:
    name: str
    file: str
    chip: str
    resources: Resources
    smem_bytes: Optional[int]  # of a CTA; None where nobody says
    facts: Optional[Facts]
    steps: List[Step]
    lines: list = dataclasses.field(default_factory=list)  # of its listing
    description: Optional[dict] = None  # the package's, of the kernel
    function: Optional[dict] = None  # and of the function that launches it
    tile: Optional[tuple] = None  # a peer's: query rows, keys, warps that compute


def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise BadInput(f"cannot read '{path}': {error.strerror}") from error


def _facts_of(function):
    """None of a function that is no attention with one query."""
    by_role = {role: argument for argument in function["args"]
               for role in argument["roles"]}
    if "query" not in by_role or "value" not in by_role:
        return None
    query, value = by_role["query"], by_role["value"]
    has_edges = any(result["judge"].get("edges") for result in function["results"])
    return Facts((query["shape"][-1], value["shape"][-1]), query["type"], has_edges)


def _described(path, file):
    """What a package says of each kernel and of its function, by the kernel's name."""
    if package_file.SECTION not in file:
        return {}
    description = package_file.read_description(path)
    functions = {kernel: function for function in description["functions"]
                 for kernel in function["kernels"]}
    return {kernel["name"]: (kernel, functions.get(kernel["name"]))
            for kernel in description["kernels"]}


def steps_of(listing, name):
    return steps.find(listing.functions[name])


def _kernels_of(path, nvdisasm, elf, described):
    of_kernels = cubin.resources(elf)
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(elf)
        file.flush()
        listing = disassembly.disassemble(nvdisasm, file.name)
    for name, resources in of_kernels.items():
        kernel, function = described.get(name, (None, None))
        yield Kernel(name, path, listing.chip, resources,
                     kernel and kernel["smem_bytes"], function and _facts_of(function),
                     steps_of(listing, name), listing.functions[name], kernel, function)


def read(path, nvdisasm):
    """Of a package or cubin; kernels that multiply no matrices are left out."""
    file = read_file(path)
    elves = list(cubin.find(file))
    if not elves:
        raise BadInput(f"'{path}' holds no machine code of a GPU; expected a cubin, or "
                       "a package compiled for sm_80 or sm_90a where ptxas is found")
    described = _described(path, file)
    found = [kernel for elf in elves
             for kernel in _kernels_of(path, nvdisasm, elf, described)]
    multiplying = [kernel for kernel in found if kernel.steps]
    if not multiplying:
        raise BadInput(f"'{path}' has no kernel with a loop of products")
    return multiplying


def named(kernel):
    return f"{os.path.basename(kernel.file)}: {kernel.name} ({kernel.chip})"
