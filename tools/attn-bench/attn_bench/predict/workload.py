#===- workload.py - What is computed, tile by tile -------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Sizes of one launch of attention, and how many keys the tiles of its queries have."""

import dataclasses
from typing import Optional

from attn_bench.failures import BadInput


@dataclasses.dataclass(frozen=True)
class Workload:
    batch: int
    query_heads: int
    kv_heads: int
    queries: int
    keys: int
    is_causal: bool = False  # the last query sees the last key
    window: Optional[int] = None  # keys before its own that a query sees

    def span(self, first, last):
        """Keys that queries from `first` to before `last` see: from where, from where
        all of them see it, until where all do, to where. The edges of tiles that are
        only partly full count as seen."""
        shift = self.keys - self.queries
        low, high = 0, self.keys
        full_low, full_high = 0, self.keys
        if self.is_causal:
            high = min(self.keys, last + shift)
            full_high = min(self.keys, first + shift + 1)
        if self.window is not None:
            low = max(0, first + shift - self.window)
            full_low = max(0, last - 1 + shift - self.window)
        return low, full_low, full_high, high

    def pairs(self):
        """Of queries and keys that are kept, in one head."""
        low = 0 if self.window is None else self.window
        shift = self.keys - self.queries
        total = 0
        for query in range(self.queries):
            last = min(self.keys, query + shift + 1) if self.is_causal else self.keys
            first = max(0, query + shift - low) if self.window is not None else 0
            total += max(0, last - first)
        return total

    def flops(self, dims):
        return (2 * sum(dims) * self.pairs() * self.query_heads * self.batch)


@dataclasses.dataclass(frozen=True)
class Steps:
    """Of a tile of queries: masked before, unmasked, masked behind; and how many are
    left out before all of them."""
    before: int
    full: int
    behind: int
    begin: int = 0

    @property
    def span(self):
        """The first step's number, and that behind the last."""
        return self.begin, self.begin + self.total

    @property
    def total(self):
        return self.before + self.full + self.behind


def steps_of(workload, first, last, keys):
    """Of queries from `first` to before `last`, with tiles of so many keys."""
    low, full_low, full_high, high = workload.span(first, last)
    begin, end = low // keys, -(-high // keys)
    full_begin = min(end, -(-full_low // keys))
    full_end = max(full_begin, min(end, full_high // keys))
    if full_high >= workload.keys:
        full_end = max(full_begin, end)
    return Steps(full_begin - begin, full_end - full_begin, end - full_end, begin)


def tiles_of(workload, positions, keys):
    """Steps of each tile of a head, in order."""
    if positions < 1:
        raise BadInput("a tile without queries")
    return [steps_of(workload, first, min(workload.queries, first + positions), keys)
            for first in range(0, workload.queries, positions)]


def counts_for(kinds, steps, has_first):
    """How often each loop of a kernel runs, by the kinds of its loops; one step
    stands before the loops of a kernel that overlaps."""
    before, full, behind = steps.before, steps.full, steps.behind
    if has_first and steps.total:
        if before:
            before -= 1
        elif kinds and kinds[0] == "masked" and behind:
            behind -= 1
        elif full:
            full -= 1
        else:
            behind -= 1
    masked = [i for i, kind in enumerate(kinds) if kind == "masked"]
    unmasked = [i for i, kind in enumerate(kinds) if kind == "unmasked"]
    counts = [0] * len(kinds)
    if not unmasked or not masked:
        counts[(unmasked or masked)[-1]] = before + full + behind
        return tuple(counts)
    counts[unmasked[-1]] = full
    counts[masked[0]] += before
    counts[masked[-1]] += behind
    return tuple(counts)
