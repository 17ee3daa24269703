#===- tiles.py - Tiles of queries on a multiprocessor ----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs a multiprocessor on some tiles of queries, one after the other."""

import dataclasses
from typing import Optional

from attn_bench.predict import constants, operations, paths
from attn_bench.predict.barriers import THREADS
from attn_bench.predict.memory import Memory, Ring
from attn_bench.predict.multiprocessor import Cta, Multiprocessor, Warp

#: Tiles of queries that are run, of which those behind the first two are measured.
TILES = 6


@dataclasses.dataclass(frozen=True)
class Shape:
    """Of a kernel: what the machine code does not say."""
    rows: int  # of queries in a tile
    keys: int  # in a step
    dims: tuple  # of query and key, of value
    element_bytes: int
    threads: int  # that compute, of a CTA
    stages: int  # of keys, and of values
    query_stages: int
    output: Optional[str]  # "queries" or "values": whose shared memory it leaves through
    ctas: int = 1  # on a multiprocessor at a time

    @property
    def warps(self):
        """Of the model, for a CTA, or for some that have fewer than four warps."""
        return max(1, self.threads // THREADS)

    @property
    def modelled_ctas(self):
        """CTAs on a multiprocessor that have a warp on each scheduler, or as many
        smaller ones as have that together."""
        return max(1, self.ctas * min(self.threads, THREADS) // THREADS)

    @property
    def query_bytes(self):
        return self.rows * self.dims[0] * self.element_bytes

    @property
    def key_bytes(self):
        return self.keys * self.dims[0] * self.element_bytes

    @property
    def value_bytes(self):
        return self.keys * self.dims[1] * self.element_bytes

    @property
    def output_bytes(self):
        return self.rows * self.dims[1] * self.element_bytes


class Kernel:
    """Decoded: operations of a warp that checks channels first, and of the others."""

    def __init__(self, lines, chip, shape):
        self.chip, self.shape = chip, shape
        ways = [paths.find(lines, checks) for checks in (True, False)]
        #: Of stall counts before the loop over tiles.
        self.entry_clocks = sum(max(i.control.stall, 1) for i in ways[0].enter)
        self.has_channels = any(
            i.opcode.startswith("SYNCS.PHASECHK") for i in lines
            if not isinstance(i, str))
        self.kinds = [part.kind for part in ways[0].parts]
        self.loops = [kind for kind in self.kinds if kind]
        self.parts = [[operations.decode_all(part.instructions, chip)
                       for part in way.parts] for way in ways]

    @property
    def has_first(self):
        """Whether a step's products stand before the loops."""
        return any(o.act in (operations.PRODUCT, operations.MMA)
                   for o in self.parts[0][0])

    def tile(self, warp, counts):
        """Operations of one, whose loops run so often."""
        trace, left = [], list(counts)
        for kind, part in zip(self.kinds, self.parts[0 if warp == 0 else 1]):
            trace += _repeated(part, left.pop(0)) if kind else part
        return _elect(_release_queries(trace), warp == self.shape.warps - 1)

    def groups(self, counts):
        """Of scores, in a tile."""
        trace = self.tile(0, counts)
        return sum(o.ends_group and not o.is_values for o in trace)


def _repeated(part, count):
    """A loop's pass, with a backward branch at the end of all but the last."""
    if not count:
        return []
    last = dataclasses.replace(part[-1], ends_pass=True)
    back = dataclasses.replace(last, stall=last.stall + constants.BACK_EDGE)
    return (part[:-1] + [back]) * (count - 1) + part[:-1] + [last]


def _release_queries(trace):
    """Marks the arrival that does: the last before the last group of values, at a
    barrier where no warp of the trace waits."""
    waits = {o.number for o in trace if o.act == operations.SYNC}
    last = max((i for i, o in enumerate(trace) if o.ends_group), default=0)
    found = [i for i, o in enumerate(trace[:last])
             if o.act == operations.ARRIVE and o.number not in waits]
    if not found:
        return trace
    marked = dataclasses.replace(trace[found[-1]], releases_queries=True)
    return trace[:found[-1]] + [marked] + trace[found[-1] + 1:]


def _elect(trace, is_elected):
    """What one warp of the CTA does for all stands behind a barrier at which it arrived
    already, until its stores have left: the last warp's does, of others it is cut."""
    arrived, kept, is_inside = set(), [], False
    for operation in trace:
        if operation.act == operations.ARRIVE:
            arrived.add(operation.number)
        if (operation.act == operations.SYNC and operation.number in arrived
                and operation.count % THREADS):
            is_inside = True
            operation = dataclasses.replace(operation, act=operations.JOIN)
        if is_elected or not is_inside:
            kept.append(operation)
        if operation.act == operations.RELEASE:
            is_inside = False
    return kept


def _rings(kernel, memory, groups, missing):
    shape = kernel.shape
    held = []
    if shape.output == "values":
        held = [sum(groups[:tile]) for tile in range(1, len(groups))]
    rings = {
        "queries": Ring(memory, shape.query_stages, shape.query_bytes, 1.0,
                        shape.warps),
        "scores": Ring(memory, shape.stages, shape.key_bytes, missing, shape.warps),
        "values": Ring(memory, shape.stages, shape.value_bytes, missing, shape.warps,
                       held)}
    for ring in rings.values():
        ring.open(0.0)
    return rings


def step(kernel, counts, settled, missing):
    """Clocks of one step, from the last ones of a tile: of all warps, whose products or
    exponentials end each."""
    machine = _machine(kernel, [counts], missing)
    machine.run()
    starts = [warp.passes[-settled - 1] for warp in machine.warps]
    ends = [warp.passes[-1] for warp in machine.warps]
    return (sum(ends) - sum(starts)) / len(starts) / settled


def run(kernel, tiles, missing):
    """Clocks at which each tile was through."""
    machine = _machine(kernel, tiles, missing)
    machine.run()
    return [max(warp.done[tile] for warp in machine.warps)
            for tile in range(len(tiles))]


def _machine(kernel, tiles, missing):
    """A multiprocessor with its CTAs, which run tiles one after the other."""
    memory = Memory(kernel.chip)
    machine = Multiprocessor(memory, missing)
    traces = [[kernel.tile(warp, counts) for counts in tiles]
              for warp in range(kernel.shape.warps)]
    groups = [kernel.groups(counts) for counts in tiles]
    for _ in range(kernel.shape.modelled_ctas):
        rings = None
        if kernel.has_channels:
            rings = _rings(kernel, memory, groups, missing)
        cta = Cta(kernel.shape.warps, rings, kernel.shape.output)
        for warp, trace in enumerate(traces):
            ends, everything = [], []
            for part in trace:
                everything += part
                ends.append(len(everything))
            machine.warps.append(Warp(cta, warp, everything, ends))
    return machine
