#===- multiprocessor.py - A scheduler and what it shares with others -------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs warps of a multiprocessor in order of time, one operation at a time. The four
schedulers see the same, so one is run, with one warp for the four of a warpgroup (or
of as many warps that compute alone); what the multiprocessor has once counts as it is
for all four."""

import math

from attn_bench.failures import BadInput
from attn_bench.predict import constants, operations
from attn_bench.predict.barriers import NamedBarrier, Turns
from attn_bench.predict.tensor_queue import TensorQueue

SCHEDULERS = 4
LINE_BYTES = 512  # of a cp.async of a warp, 16 a lane


class Warp:
    """`index` counts within its CTA."""

    def __init__(self, cta, index, trace, ends):
        self.cta, self.index, self.trace, self.ends = cta, index, trace, ends
        self.at, self.ready = 0, 0.0
        self.boards = [0.0] * 6
        self.groups = []  # when results of each group of products are there
        self.unreleased = []  # (ring, number) of groups, oldest first
        self.begun = {"scores": 0, "values": 0}
        self.is_in_group = False
        self.copies, self.copy_groups = 0.0, []
        self.stored = 0.0
        self.tile, self.done = 0, []  # when each tile was through
        self.passes = []  # and each pass of a loop
        self.last_issue = 0.0


class Cta:
    """`rings` by "queries", "scores" (of keys) and "values", None where warps copy
    themselves. The output leaves through the shared memory of a ring, `output`, whose
    next tile waits for that."""

    def __init__(self, warps, rings=None, output=None):
        self.warps, self.rings, self.output = warps, rings, output
        self.turns = Turns(warps, 0.0)
        self._barriers = {}

    def barrier(self, number):
        return self._barriers.setdefault(number, NamedBarrier(self.warps))

    def release(self, kind, number, now):
        self.rings[kind].release(number, now)

    def release_queries(self, tile, now):
        """By a named barrier of the producer, which a tile's last scores precede."""
        if self.rings and self.output != "queries":
            self.rings["queries"].release(tile, now)

    def release_output(self, tile, now):
        if self.output == "queries":
            self.rings["queries"].release(tile, now)
        elif self.output == "values":
            self.rings["values"].let_go(now)


class Multiprocessor:
    def __init__(self, memory, missing=0.0):
        self.memory = memory
        self.missing = missing  # part of what warps copy that is in DRAM only
        self.tensor = TensorQueue()
        self.pipes = {}
        self.banks = [0.0, 0.0]
        self.warps = []
        self.clock = 0.0
        self.mma = 0.0
        self._acts = {
            operations.PRODUCT: self._product, operations.MMA: self._mma,
            operations.SYNC: self._sync, operations.JOIN: self._join,
            operations.ARRIVE: self._arrive, operations.TURN: self._turn,
            operations.PASS: self._pass,
            operations.CHECK: self._check, operations.RELEASE: self._release,
            operations.COPY: self._copy, operations.COMMIT: self._commit,
            operations.STORE_TILE: self._store, operations.FENCE: self._fence}

    def run(self):
        """Until all warps are through. The scheduler stays with a warp as long as that
        can go on, else takes the youngest."""
        running, last = list(self.warps), None
        while running:
            best, when = None, math.inf
            for warp in running:
                earliest = self._earliest(warp)
                if earliest < when or (earliest == when and best is not last):
                    best, when = warp, earliest
            if when == math.inf:
                raise BadInput("the model does not know how this kernel's warps wait "
                               "for each other")
            self._issue(best, when)
            last = best
            if best.at == len(best.trace):
                running.remove(best)
        return self.clock

    #===-- when ------------------------------------------------------------===#

    def _earliest(self, warp):
        operation = warp.trace[warp.at]
        when = max(warp.ready, self.clock, self.pipes.get(operation.pipe, 0.0))
        for board in operation.waits:
            when = max(when, warp.boards[board])
        for bank, reads in zip(self.banks, operation.reads):
            if reads:
                when = max(when, bank + reads - constants.READ_WINDOW)
        act = operation.act
        if act == operations.PRODUCT:
            return max(when, self._operands(warp, operation),
                       self.tensor.earliest(operation.source))
        if act == operations.MMA:
            return max(when, self.mma)
        if act == operations.WAIT_PRODUCTS and len(warp.groups) > operation.number:
            return max(when, warp.groups[-1 - operation.number])
        if act == operations.TURN:
            return max(when, warp.cta.turns.when(warp.index))
        if act == operations.WAIT_COPIES:
            return max(when, self._copied(warp, operation.number))
        return when

    def _operands(self, warp, operation):
        """When the tiles of a group that begins are there."""
        rings = warp.cta.rings
        if warp.is_in_group or rings is None:
            return 0.0
        kind = "values" if operation.is_values else "scores"
        when = rings[kind].when_full(warp.begun[kind])
        if kind == "scores":
            when = max(when, rings["queries"].when_full(warp.tile))
        return when

    def _copied(self, warp, in_flight):
        if len(warp.copy_groups) > in_flight:
            return warp.copy_groups[-1 - in_flight]
        return warp.stored

    #===-- what ------------------------------------------------------------===#

    def _issue(self, warp, now):
        operation = warp.trace[warp.at]
        self.clock = now + 1
        self.pipes[operation.pipe] = now + self._interval(operation, now)
        warp.ready, warp.last_issue = now + operation.stall, now
        share = constants.READ_SHARE if now < self.tensor.free else 1
        for bank, reads in enumerate(operation.reads):
            if reads:
                self.banks[bank] = max(self.banks[bank], now) + reads * share
        if operation.result is not None:
            self._hold(warp, operation.result, now + operation.latency)
        if operation.operand is not None:
            self._hold(warp, operation.operand,
                       now + constants.LATENCIES["none"])
        act = self._acts.get(operation.act)
        if act:
            act(warp, operation, now)
        if operation.ends_pass:
            warp.passes.append(now)
        warp.at += 1
        if warp.at == warp.ends[warp.tile]:
            warp.done.append(now)
            warp.tile = min(warp.tile + 1, len(warp.ends) - 1)

    def _interval(self, operation, now):
        if operation.pipe in ("fma", "alu", "imad", "convert", "mufu") and (
                self.tensor.presses(now)):
            factor = constants.PRESSURE_MUFU if operation.pipe == "mufu" else 1.0
            return operation.interval * (1 + factor / constants.PRESSURE_PERIOD)
        return operation.interval

    def _hold(self, warp, board, until):
        warp.boards[board] = max(warp.boards[board], until)

    def _product(self, warp, operation, now):
        kind = "values" if operation.is_values else "scores"
        done = self.tensor.admit(now, operation.number, operation.source,
                                 not warp.is_in_group)
        self.pipes["product"] = now + constants.PRODUCT_ISSUE
        if not warp.is_in_group:
            warp.is_in_group = True
            warp.unreleased.append((kind, warp.begun[kind]))
            warp.begun[kind] += 1
        if operation.ends_group:
            warp.is_in_group = False
            warp.groups.append(done)

    def _mma(self, warp, operation, now):
        self.mma = now + operation.number
        if operation.result is not None:
            self._hold(warp, operation.result, now + self.memory.chip.mma_latency)

    def _go_on(self, released):
        for other, when in released:
            other.ready = max(when, other.last_issue + 1)

    def _sync(self, warp, operation, now):
        barrier = warp.cta.barrier(operation.number)
        warp.ready = math.inf
        self._go_on(barrier.arrive(now, operation.count, warp))

    def _join(self, warp, operation, now):
        warp.ready = math.inf
        self._go_on(warp.cta.barrier(operation.number).join(now, warp))

    def _arrive(self, warp, operation, now):
        barrier = warp.cta.barrier(operation.number)
        self._go_on(barrier.arrive(now, operation.count))
        if operation.releases_queries:
            warp.cta.release_queries(warp.tile, now)

    def _turn(self, warp, operation, now):
        warp.cta.turns.take(warp.index)

    def _pass(self, warp, operation, now):
        warp.cta.turns.pass_on(warp.index, now)

    def _check(self, warp, operation, now):
        if operation.result is not None:
            self._hold(warp, operation.result, now + constants.CHANNEL_CHECK)

    def _fence(self, warp, operation, now):
        if operation.result is not None:
            stored = max(now, self.pipes.get("stores", 0.0))
            self._hold(warp, operation.result, stored + constants.FENCE_ASYNC)

    def _release(self, warp, operation, now):
        """The oldest group's tile, or after all of them the output's."""
        if warp.cta.rings is None:
            return
        if not warp.unreleased:
            warp.cta.release_output(warp.tile, now)
            return
        warp.cta.release(*warp.unreleased.pop(0), now)

    def _copy(self, warp, operation, now):
        size = LINE_BYTES * SCHEDULERS
        warp.copies = max(warp.copies, self.memory.load(now, size, self.missing))

    def _commit(self, warp, operation, now):
        warp.copy_groups.append(warp.copies)

    def _store(self, warp, operation, now):
        warp.stored = max(warp.stored, now + self.memory.chip.l2_latency)
