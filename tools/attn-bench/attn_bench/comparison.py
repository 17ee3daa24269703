#===- comparison.py - Ours beside the best peer ----------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What tables and plots read off a record."""

import typing

from attn_bench import record as records
from attn_bench.statistics import geometric_mean


def names_of(record, kind):
    """Of those who took part, in their order."""
    return [c["name"] for c in record["contenders"]
            if c["kind"] == kind and c["absence"] is None]


def tflops(cell, contender):
    """None where there is no time."""
    result = records.result_of(cell, contender)
    if result is None or result["timing"] is None:
        return None
    return result["timing"]["tflops"]


def best_of(cell, contenders):
    """The name of the fastest; None where no one has a time."""
    timed = [name for name in contenders if tflops(cell, name) is not None]
    return max(timed, key=lambda name: tflops(cell, name), default=None)


def ratio(cell, ours, peers):
    """How many times as fast as the best peer; None where one is missing."""
    best = best_of(cell, peers)
    mine = tflops(cell, ours)
    if best is None or mine is None:
        return None
    return mine / tflops(cell, best)


def mean_ratio(cells, ours, peers):
    """The geometric mean, and of how many cells."""
    ratios = [ratio(cell, ours, peers) for cell in cells]
    known = [value for value in ratios if value is not None]
    return geometric_mean(known), len(known)


def heads_of(case):
    if case["query_heads"] == case["kv_heads"]:
        return str(case["query_heads"])
    return f"{case['query_heads']}/{case['kv_heads']}"


class Family(typing.NamedTuple):
    """Cases that differ in length and batch only."""
    group: str
    heads: str
    dim: int
    mask: str
    element: str
    queries: typing.Optional[int]  # None: as many as keys
    work: str = "forward"

    @property
    def title(self):
        of = f", {self.queries} queries" if self.queries else ""
        of += "" if self.work == "forward" else f", {self.work}"
        return (f"{self.group}: {self.heads} heads of {self.dim}, "
                f"{self.element}{of}, mask {self.mask}")


def few_queries(case):
    """How many, where there are fewer than keys; else None."""
    queries = case.get("queries", case["length"])
    return None if queries == case["length"] else queries


def work_of(case):
    """Records of earlier runs have attention alone."""
    return case.get("work", "forward")


def family(case):
    return Family(case["group"], heads_of(case), case["dim"], case["mask"],
                  case["element"], few_queries(case), work_of(case))


def families(cells):
    """{family: cells by length}: groups as they first come, in each by
    element, dimension, mask, heads and queries."""
    grouped = {}
    for cell in cells:
        grouped.setdefault(family(cell["case"]), []).append(cell)
    for members in grouped.values():
        members.sort(key=lambda cell: cell["case"]["length"])
    groups = list(dict.fromkeys(key.group for key in grouped))
    elements = list(dict.fromkeys(key.element for key in grouped))

    def place(key):
        return (groups.index(key.group), elements.index(key.element), key.dim,
                key.mask, int(key.heads.split("/")[0]), key.queries or 0,
                key.work != "forward", key.work)
    return {key: grouped[key] for key in sorted(grouped, key=place)}
