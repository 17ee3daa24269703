#===- launch.py - A kernel on a workload -----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Puts tiles, their durations and the grid together: how long a launch takes."""

import dataclasses
import math
from typing import Optional

from attn_bench.predict import grid, workload as workloads
from attn_bench.predict.durations import Durations
from attn_bench.predict.tiles import Kernel


@dataclasses.dataclass(frozen=True)
class Order:
    """Of tiles over CTAs: whose keys stay in a cache of so many bytes, or all heads in
    order; and whether CTAs step by their number."""
    is_static: bool
    section_bytes: Optional[int] = None
    is_power_of_two: bool = False  # the number of heads of a section
    alternates: bool = False  # from section to section


@dataclasses.dataclass(frozen=True)
class Subject:
    """What a prediction is about. `group` query heads share the rows of a tile."""
    kernel: Kernel
    order: Order
    group: int = 1


@dataclasses.dataclass(frozen=True)
class Prediction:
    microseconds: float
    tflops: float
    tensor_share: float  # of what the tensor cores could do in that time
    waves: float
    busy: float  # of the time of CTAs, the part that has a tile
    clock_hz: float


def _section(subject, workload, head_bytes):
    """Heads whose keys fit the cache."""
    fitting = max(1, subject.order.section_bytes // head_bytes)
    if subject.order.is_power_of_two:
        return 1 << fitting.bit_length() - 1
    return fitting * _shared(subject, workload)


def _shared(subject, workload):
    """Tiles of heads that have the same keys."""
    return workload.query_heads // workload.kv_heads // subject.group or 1


def _plan(subject, workload, tiles, head_bytes):
    chip, shape = subject.kernel.chip, subject.kernel.shape
    heads = workload.batch * workload.query_heads // subject.group
    if subject.order.section_bytes is None:
        items = grid.in_order(heads, tiles)
    else:
        size = _section(subject, workload, head_bytes)
        items = grid.in_sections(heads, tiles, size)
        if subject.order.alternates:
            size = grid.paired(heads, size, _shared(subject, workload))
            items = grid.alternating(heads, tiles, size)
    return grid.Plan(items, subject.order.is_static, chip.multiprocessors * shape.ctas)


def predict(subject, workload, clock_hz=None):
    """A Prediction."""
    kernel = subject.kernel
    shape, chip = kernel.shape, kernel.chip
    clock_hz = clock_hz or chip.clock_hz
    positions = shape.rows // subject.group
    steps = workloads.tiles_of(workload, positions, shape.keys)
    head_bytes = workload.keys * sum(shape.dims) * shape.element_bytes
    plan = _plan(subject, workload, len(steps), head_bytes)
    shared = _shared(subject, workload)
    loaded = sum(one.total for one in steps) * shared
    missing = min(1.0, math.ceil(workload.keys / shape.keys) / max(loaded, 1))
    durations = Durations(kernel, missing)
    clocks = [durations.of(workloads.counts_for(kernel.loops, one, kernel.has_first))
              for one in steps]
    sizes = grid.fetched(plan.items, plan.slots, [one.span for one in steps],
                         shape.key_bytes + shape.value_bytes,
                         shape.query_bytes + shape.output_bytes, shared)
    first = kernel.entry_clocks + durations.first
    made = grid.makespan(plan, lambda item: clocks[item.tile], sizes, chip, clock_hz,
                          first)
    seconds = made.clocks / clock_hz
    flops = workload.flops(shape.dims)
    peak = chip.product_flops * chip.multiprocessors * clock_hz
    return Prediction(seconds * 1e6, flops / seconds * 1e-12, flops / seconds / peak,
                      len(plan.items) / plan.slots, made.busy, clock_hz)
