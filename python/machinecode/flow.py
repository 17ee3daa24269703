#===- flow.py - Blocks and loops of machine code ---------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A loop is a natural loop of the control flow graph: the blocks from which a back
edge is reached without passing its target. So blocks that ptxas moved to the end of a
function count where they belong."""

import collections
import dataclasses
from typing import List

from machinecode.disassembly import Instruction


@dataclasses.dataclass
class Block:
    instructions: List[Instruction]
    successors: List[int]


@dataclasses.dataclass
class Loop:
    header: int
    blocks: frozenset  # numbers of blocks, the header's too


def make_blocks(lines):
    """Splits at labels and behind branches, then follows them."""
    blocks, labels = [Block([], [])], {}
    for line in lines:
        ends = blocks[-1].instructions and (
            isinstance(line, str) or blocks[-1].instructions[-1].target
            or not blocks[-1].instructions[-1].falls_through)
        if ends:
            blocks.append(Block([], []))
        if isinstance(line, str):
            labels[line] = len(blocks) - 1
        else:
            blocks[-1].instructions.append(line)
    for number, block in enumerate(blocks):
        last = block.instructions[-1] if block.instructions else None
        if last and last.target in labels:
            block.successors.append(labels[last.target])
        if (not last or last.falls_through) and number + 1 < len(blocks):
            block.successors.append(number + 1)
    return blocks


def predecessors_of(blocks):
    found = collections.defaultdict(list)
    for number, block in enumerate(blocks):
        for successor in block.successors:
            found[successor].append(number)
    return found


def _dominators(blocks, predecessors):
    everything = frozenset(range(len(blocks)))
    dominators = [frozenset([0])] + [everything] * (len(blocks) - 1)
    is_growing = True
    while is_growing:
        is_growing = False
        for number in range(1, len(blocks)):
            ways = [dominators[p] for p in predecessors[number]]
            new = frozenset([number]).union(
                frozenset.intersection(*ways) if ways else frozenset())
            is_growing |= new != dominators[number]
            dominators[number] = new
    return dominators


def loops(blocks):
    """In the order of their headers."""
    predecessors = predecessors_of(blocks)
    dominators = _dominators(blocks, predecessors)
    bodies = collections.defaultdict(set)  # by header
    for number, block in enumerate(blocks):
        for header in set(block.successors) & dominators[number]:
            body, todo = bodies[header], [number]
            body.add(header)
            while todo:
                member = todo.pop()
                if member not in body:
                    body.add(member)
                    todo += predecessors[member]
    return [Loop(header, frozenset(bodies[header])) for header in sorted(bodies)]


def instructions_of(blocks, numbers):
    return [instruction for number in numbers
            for instruction in blocks[number].instructions]


def in_order(blocks, loop, without=frozenset()):
    """The loop's blocks as they run: each before those that it leads to."""
    members = loop.blocks - without
    order, seen = [], set()
    todo = [(loop.header, False)]
    while todo:
        number, is_done = todo.pop()
        if is_done:
            order.append(number)
            continue
        if number in seen or number not in members:
            continue
        seen.add(number)
        todo.append((number, True))
        todo += [(successor, False) for successor in blocks[number].successors]
    return order[::-1]
