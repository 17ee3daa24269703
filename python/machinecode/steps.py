#===- steps.py - The steps of kernels that multiply ------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Finds the loops that a kernel spends its time in: the innermost ones with products
of matrices. One pass through such a loop is a step; a step that selects is masked."""

import dataclasses
from typing import List

from machinecode import flow, kinds
from machinecode.disassembly import Instruction

#: Elements of a tile of 64 x 128 that a thread of a warpgroup holds, or of 16 x 128
#: where warps multiply alone.
TILE_ELEMENTS = 64


@dataclasses.dataclass
class Step:
    kind: str  # "first", "unmasked" or "masked"
    instructions: List[Instruction]

    @property
    def elements(self):
        return elements_of(self.instructions)


def _has_products(instructions):
    return any(map(kinds.is_product, instructions))


def innermost(blocks, loops):
    """Of the loops with products."""
    multiply = [loop for loop in loops if _has_products(
        flow.instructions_of(blocks, loop.blocks))]
    return [loop for loop in multiply
            if not any(other.blocks < loop.blocks for other in multiply)]


def _waiting(blocks, loop, loops):
    """Blocks of loops within the loop that only wait for a barrier once more."""
    blocks_of_waits = frozenset()
    for other in loops:
        if other.blocks < loop.blocks and not _has_products(
                flow.instructions_of(blocks, other.blocks)):
            blocks_of_waits |= other.blocks
    return blocks_of_waits


def elements_of(instructions):
    """Results of the first product that a thread rounds to 16 bits: the scores of
    attention."""
    return 2 * sum(map(kinds.packs_floats, instructions))


def kind_of(instructions):
    elements = elements_of(instructions)
    selects = sum(i.name in ("FSEL", "SEL") for i in instructions)
    return "masked" if elements and 2 * selects >= elements else "unmasked"


def find(lines):
    """The steps of a function, in the order of its code; products outside of loops
    are those of the first tile."""
    blocks = flow.make_blocks(lines)
    loops = flow.loops(blocks)
    steps, inside = [], set()
    for loop in innermost(blocks, loops):
        inside |= loop.blocks
        order = flow.in_order(blocks, loop, _waiting(blocks, loop, loops))
        step = Step("", flow.instructions_of(blocks, order))
        step.kind = kind_of(step.instructions)
        steps.append(step)
    outside = [i for number, block in enumerate(blocks) if number not in inside
               and _has_products(block.instructions) for i in block.instructions]
    return ([Step("first", outside)] if outside else []) + steps
