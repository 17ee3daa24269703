#===- measure.py - What a step is made of ----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Counts of one step, as a dictionary that is also its JSON:

    {"kind": "unmasked", "elements_per_thread": 64, "tiles": 1.0,
     "instructions": 465, "stall_clocks": 1131,
     "products": {"64x128x16 SS": 8, "64x128x16 RS": 8},
     "classes": {"fma": 130, …}, "pipes": {"tensor": 16, …},
     "waits": [{"for": "products, 1 in flight", "instructions", "stall_clocks",
                "exponentials", "conversions", "multiplications"}, …],
     "scoreboards": [{"number": 0, "set_by": {"SHFL": 4}, "waits": 4}, …]}

`tiles` is how many tiles of 64 x 128 scores a step has for each warpgroup (of
16 x 128 for each warp, where warps multiply alone). The first of `waits` is what
stands before any, `for` null; each other one is what stands between it and the next.
"""

import collections
import re

from machinecode import kinds
from machinecode.steps import TILE_ELEMENTS

_SHAPE = re.compile(r"\.(\d+x\d+x\d+)")
_MMA_SHAPES = {"16816": "16x8x16", "1688": "16x8x8", "16832": "16x8x32"}
_IN_FLIGHT = re.compile(r"gsb0, 0x([0-9a-f]+)")


def product_of(instruction):
    """Its shape, and where a warpgroup's left operand comes from."""
    if match := _SHAPE.search(instruction.opcode):
        source = instruction.operands.split(",")[1]
        return match.group(1) + (" SS" if "gdesc" in source else " RS")
    digits = instruction.opcode.split(".")[1]
    return _MMA_SHAPES.get(digits, digits)


def wait_of(instruction):
    """What a group wait or a barrier waits for, or None."""
    if instruction.opcode.startswith("WARPGROUP.DEPBAR"):
        match = _IN_FLIGHT.search(instruction.operands)
        return f"products, {int(match.group(1), 16)} in flight" if match else "products"
    if instruction.name == "DEPBAR":
        return "copies"
    if instruction.opcode.startswith("BAR.SYNC"):
        return "a barrier"
    if instruction.opcode.startswith("SYNCS.PHASECHK"):
        return "a channel"
    return None


def _part(reason, instructions):
    return {"for": reason, "instructions": len(instructions),
            "stall_clocks": stall_of(instructions),
            "exponentials": sum(map(kinds.is_exponential, instructions)),
            "conversions": sum(map(kinds.packs_floats, instructions)),
            "multiplications": sum(i.name == "FMUL" for i in instructions)}


def stall_of(instructions):
    return sum(i.control.stall for i in instructions if i.control)


def _waits(instructions):
    parts, reason, since = [], None, []
    for instruction in instructions:
        next_reason = wait_of(instruction)
        if next_reason is not None:
            parts.append(_part(reason, since))
            reason, since = next_reason, []
        since.append(instruction)
    return parts + [_part(reason, since)]


def _scoreboards(instructions):
    set_by = collections.defaultdict(collections.Counter)
    waits = collections.Counter()
    for instruction in instructions:
        control = instruction.control
        if control is None:
            continue
        for barrier in {control.result_barrier, control.operand_barrier} - {None}:
            set_by[barrier][instruction.name] += 1
        waits.update(control.waits)
    return [{"number": number, "set_by": dict(set_by[number].most_common()),
             "waits": waits[number]} for number in sorted({*set_by, *waits})]


def measure(step):
    instructions = step.instructions
    products = filter(kinds.is_product, instructions)
    pipes = collections.Counter(filter(None, map(kinds.pipe, instructions)))
    return {
        "kind": step.kind, "elements_per_thread": step.elements,
        "tiles": step.elements / TILE_ELEMENTS if step.elements else None,
        "instructions": len(instructions), "stall_clocks": stall_of(instructions),
        "products": dict(collections.Counter(map(product_of, products))),
        "classes": {kind: number for kind, number in kinds.count(instructions).items()
                    if number},
        "pipes": dict(sorted(pipes.items())), "waits": _waits(instructions),
        "scoreboards": _scoreboards(instructions)}


def kernel_object(kernel):
    return {"kernel": kernel.name, "file": kernel.file, "chip": kernel.chip,
            "registers": kernel.resources.registers,
            "stack_bytes": kernel.resources.stack_bytes,
            "smem_bytes": kernel.smem_bytes, "steps": list(map(measure, kernel.steps))}
