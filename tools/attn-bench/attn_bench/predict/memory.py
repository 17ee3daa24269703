#===- memory.py - Tiles on their way to shared memory ----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What one multiprocessor gets from the second-level cache, and rings of tiles that a
producer fills and warps release."""

import math

from attn_bench.predict import constants


class Memory:
    """The port is busy while bytes pass; they arrive a latency later, which differs
    from place to place in the cache. What DRAM gives to all is the grid's matter."""

    def __init__(self, chip):
        self.chip = chip
        self.port = 0.0
        self._state = 1  # of a generator, so that a run can be repeated

    def _distance(self):
        self._state = (self._state * 1103515245 + 12345) & 0x7fffffff
        return self.chip.l2_spread * (self._state >> 16) / 0x8000

    def load(self, start, size, missing):
        """When a tile is there, of whose bytes a part is missing in the cache."""
        self.port = max(start, self.port) + size / self.chip.l2_bytes_per_clock
        return (self.port + self.chip.l2_latency + self._distance()
                + missing * self.chip.dram_latency)


class Ring:
    """Stages that a producer fills one after the other. A tile is released when all
    readers have done so, and its stage is filled again. `first_of` are the numbers of
    tiles that are held back until hold_until() says when."""

    def __init__(self, memory, stages, size, missing, readers, held=()):
        self.memory, self.size, self.missing = memory, size, missing
        self.readers, self.stages = readers, stages
        self.full = []
        self._released = {}
        self._held = set(held)
        self._startable = []  # (number, when) of what waits to be let go

    def open(self, now):
        for number in range(self.stages):
            self._start(number, now)

    def when_full(self, number):
        return self.full[number] if number < len(self.full) else math.inf

    def release(self, number, now):
        """By one reader."""
        count, last = self._released.get(number, (0, 0.0))
        count, last = count + 1, max(last, now)
        self._released[number] = (count, last)
        if count == self.readers:
            self._start(number + self.stages, last + constants.CHANNEL_VISIBLE
                        + constants.CHANNEL_CHECK + constants.PRODUCER_STEP)

    def let_go(self, now):
        """The first that is held back."""
        if self._held:
            self._held.remove(min(self._held))
        waiting, self._startable = self._startable, []
        for number, when in waiting:
            self._start(number, max(now, when))

    def _start(self, number, now):
        if self._held and number >= min(self._held):
            self._startable.append((number, now))
            return
        self.full.append(self.memory.load(now + constants.TMA_ISSUE, self.size,
                                          self.missing)
                         + constants.CHANNEL_VISIBLE)
