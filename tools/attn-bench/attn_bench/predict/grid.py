#===- grid.py - Tiles over multiprocessors ---------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""In which order tiles of queries run, what each has to fetch from DRAM, and when the
last is through."""

import collections
import dataclasses
import heapq
import math
from typing import List

from attn_bench.predict import constants


@dataclasses.dataclass(frozen=True)
class Item:
    """A tile of queries: of which keys' head, and its number within the head."""
    head: int
    tile: int


def in_order(heads, tiles):
    """Those of a head after each other."""
    return [Item(head, tile) for head in range(heads) for tile in range(tiles)]


def in_sections(heads, tiles, size):
    """The last rows first, of so many heads at a time."""
    return [Item(head, tile) for start in range(0, heads, size)
            for tile in reversed(range(tiles))
            for head in range(start, min(start + size, heads))]


def paired(heads, size, group):
    """The size of an even number of sections, whole groups of heads each."""
    pairs = max(1, math.ceil(math.ceil(heads / size) / 2))
    return math.ceil(math.ceil(heads / (2 * pairs)) / group) * group


def alternating(heads, tiles, size):
    """The same, but the first rows first in each second section, from the last one
    back."""
    items = []
    for start in range(0, heads, size):
        rows = range(tiles)
        if (heads - start - 1) // size % 2 == 0:
            rows = reversed(rows)
        items += [Item(head, tile) for tile in rows
                  for head in range(start, min(start + size, heads))]
    return items


def fetched(items, slots, spans, step_bytes, tile_bytes, group):
    """Bytes from and to DRAM of each item: its queries and results, and its part of
    the keys and values that its head has not had before, which the tiles of a head
    that run at the same time share. `spans` are steps of keys, from and to, of a
    head's tiles; `group` query heads have the same keys."""
    loaded, sizes = {}, []
    for start in range(0, len(items), slots):
        wave = items[start:start + slots]
        sharing = collections.Counter(item.head // group for item in wave)
        wanted = {}
        for item in wave:
            head = item.head // group
            wanted[head] = _hull(spans[item.tile], wanted.get(head))
        for head, span in wanted.items():
            wanted[head] = _hull(span, loaded.get(head))
        shares = {head: _length(span) - _length(loaded.get(head, (0, 0)))
                  for head, span in wanted.items()}
        loaded |= wanted
        sizes += [tile_bytes + step_bytes * shares[item.head // group]
                  / sharing[item.head // group] for item in wave]
    return sizes


def _hull(span, other):
    return span if other is None else (min(span[0], other[0]), max(span[1], other[1]))


def _length(span):
    return span[1] - span[0]


def static(durations, slots, first):
    """Item i is for slot i % n: persistent CTAs step by their number."""
    ends = [first] * slots
    for number, clocks in enumerate(durations):
        ends[number % slots] += clocks
    return max(ends)


def dynamic(durations, slots, first):
    """Each goes to who is free first: by a counter, or as CTAs end."""
    ends = [first] * slots
    heapq.heapify(ends)
    for clocks in durations:
        heapq.heapreplace(ends, ends[0] + clocks)
    return max(ends)


@dataclasses.dataclass(frozen=True)
class Plan:
    """Of a launch."""
    items: List[Item]
    is_static: bool
    slots: int  # CTAs at a time


@dataclasses.dataclass(frozen=True)
class Makespan:
    clocks: float
    busy: float  # of the time of all slots, the part that has a tile


def makespan(plan, clocks_of, sizes, chip, clock_hz, first):
    """Of a launch, whose items take as long as computing does, or as their share of
    DRAM needs."""
    rate = chip.dram_bytes_per_s / clock_hz / plan.slots
    durations = [max(clocks_of(item), size / rate)
                 for item, size in zip(plan.items, sizes)]
    assign = static if plan.is_static else dynamic
    clocks = constants.LAUNCH + assign(durations, plan.slots, first)
    return Makespan(clocks, sum(durations) / clocks / plan.slots)
