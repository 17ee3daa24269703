#===- paths.py - Which way warps take through a kernel ---------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Turns the blocks of a kernel into what the warps that compute run: instructions
before the first step, each loop's step, and what follows. Values are unknown, so a
branch goes where most of the work is: products first, then stores of results, then
the fewest instructions. A warp that checks channels takes the way with checks, and
none repeats one."""

import dataclasses
from typing import List

from machinecode import flow, kinds, steps
from machinecode.disassembly import Instruction

from attn_bench.failures import BadInput

_STORES = ("STSM", "UTMASTG", "STG", "STS")


@dataclasses.dataclass
class Part:
    """A run of instructions; of a loop, one pass."""
    instructions: List[Instruction]
    kind: str = ""  # of a loop: "masked" or "unmasked"


@dataclasses.dataclass
class Way:
    """Of one warp through its kernel."""
    enter: List[Instruction]  # before the loop over tiles
    parts: List[Part]  # of a tile


class Graph:
    """Blocks with each loop of products as one node, and waits that repeat left
    out. A node is a block's number, a loop's is its header's."""

    def __init__(self, blocks):
        self.blocks = blocks
        self.loops = flow.loops(blocks)
        self.steps = steps.innermost(blocks, self.loops)
        self.node_of = {block: loop.header for loop in self.steps
                        for block in loop.blocks}
        self.step_at = {loop.header: loop for loop in self.steps}
        self.waits = frozenset().union(*(
            loop.blocks for loop in self.loops if self._only_waits(loop)))

    def _only_waits(self, loop):
        inside = flow.instructions_of(self.blocks, loop.blocks)
        return len(loop.blocks) <= 2 and any(
            i.opcode.startswith("SYNCS.PHASECHK") for i in inside)

    def repeats(self, number):
        """Whether a block checks a channel that was just found closed."""
        return any(s in self.waits for s in self.blocks[number].successors) and any(
            i.opcode.startswith("SYNCS.PHASECHK")
            for i in self.blocks[number].instructions)

    def successors(self, node, within):
        members = self.step_at[node].blocks if node in self.step_at else {node}
        found = {self.node_of.get(s, s) for m in members
                 for s in self.blocks[m].successors if s not in members}
        return sorted(s for s in found
                      if s in within and s not in self.waits and s != node)

    def instructions(self, node, checks):
        if node not in self.step_at:
            return self.blocks[node].instructions
        loop = self.step_at[node]
        inner = Graph.__new__(Graph)
        inner.__dict__.update(self.__dict__, node_of={}, step_at={})
        way = inner.best(loop.header, loop.blocks, checks, ends_at=loop.header)
        return [i for block in way for i in self.blocks[block].instructions]

    def weight(self, node, checks):
        instructions = self.instructions(node, checks)
        products = sum(map(kinds.is_product, instructions))
        stores = sum(i.name in _STORES and "RZ" not in i.operands.split(",")[-1]
                     for i in instructions)
        looks = 0
        if node not in self.step_at and not self.repeats(node):
            looks = sum(i.opcode.startswith("SYNCS.PHASECHK") for i in instructions)
        retries = node not in self.step_at and self.repeats(node)
        return (products, stores, looks if checks else -looks, -retries,
                -len(instructions))

    def best(self, start, within, checks, ends_at=None):
        """The way of most weight from a node; to a block that leads back to ends_at,
        where that is given, else to one that leads nowhere."""
        order = self._order(start, within, ends_at)
        value = {}  # of a node: (weight, next)
        for node in order:
            own = self.weight(node, checks)
            after = [(value[s][0], s) for s in self.successors(node, within)
                     if s in value and s != ends_at]
            is_end = self._ends(node, ends_at)
            if is_end:
                after.append(((0,) * 5, None))
            if after:
                most, following = max(after, key=lambda pair: pair[0])
                value[node] = (tuple(a + b for a, b in zip(own, most)), following)
        if start not in value:
            raise BadInput("machine code whose loops lead nowhere")
        way, node = [], start
        while node is not None:
            way.append(node)
            node = value[node][1]
        return way

    def _ends(self, node, ends_at):
        members = self.step_at[node].blocks if node in self.step_at else {node}
        following = {s for m in members for s in self.blocks[m].successors}
        return not following if ends_at is None else ends_at in following

    def _order(self, start, within, ends_at):
        """Nodes that are reached, each after those that it leads to."""
        order, seen, todo = [], set(), [(start, False)]
        while todo:
            node, is_done = todo.pop()
            if is_done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                todo.append((node, True))
                todo += [(s, False) for s in self.successors(node, within)
                         if s != ends_at]
        return order


def _tile_loop(graph):
    """The loop over tiles: the smallest that has all loops of steps and more."""
    around = [loop for loop in graph.loops
              if all(step.blocks < loop.blocks for step in graph.steps)]
    return min(around, key=lambda loop: len(loop.blocks), default=None)


def _parts(graph, way, checks):
    parts, since = [], []
    for node in way:
        instructions = graph.instructions(node, checks)
        if node in graph.step_at:
            parts += [Part(since), Part(instructions, steps.kind_of(instructions))]
            since = []
        else:
            since = since + instructions
    return parts + [Part(since)]


def find(lines, checks):
    """The Way of a warp that computes."""
    graph = Graph(flow.make_blocks(lines))
    if not graph.steps:
        raise BadInput("no loop of products")
    everything = frozenset(range(len(graph.blocks)))
    tiles = _tile_loop(graph)
    if tiles is None:
        way = graph.best(0, everything, checks)
        return Way([], _parts(graph, way, checks))
    way = graph.best(tiles.header, tiles.blocks, checks, ends_at=tiles.header)
    before = _before(graph, tiles, everything)
    return Way(before, _parts(graph, way, checks))


def _before(graph, tiles, everything):
    """Instructions of the shortest way from the entry to the loop over tiles."""
    came, todo = {0: None}, [0]
    while todo:
        node = todo.pop(0)
        if node == tiles.header:
            break
        for following in graph.successors(node, everything):
            if following not in came and (following not in tiles.blocks
                                          or following == tiles.header):
                came[following] = node
                todo.append(following)
    way, node = [], came.get(tiles.header)
    while node is not None:
        way.append(node)
        node = came[node]
    return [i for node in reversed(way) for i in graph.blocks[node].instructions]
