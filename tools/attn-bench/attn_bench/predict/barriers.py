#===- barriers.py - Where warps wait for each other ------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Named barriers of a CTA, and turns: a barrier whose number is computed has two
warpgroups, of which one passes the turn on to the next."""

import math

from attn_bench.predict import constants

THREADS = 128  # that a warp of the model stands for: one on each scheduler


class NamedBarrier:
    """Complete when as many have arrived as it counts; producers always have."""

    def __init__(self, warps):
        self._warps = warps
        self._arrived, self._last = 0, 0.0
        self._waiting = []
        self._completed = 0.0  # the last time

    def join(self, now, warp):
        """As arrive, by one that has arrived before and is not counted again."""
        if self._arrived == 0:
            return [(warp, max(now, self._completed))]
        self._waiting.append(warp)
        return []

    def arrive(self, now, threads, warp=None):
        """Warps that go on, with when; a warp that is given waits."""
        needed = max(1, threads // THREADS) if threads else self._warps
        self._arrived += 1
        self._last = max(self._last, now)
        if warp is not None:
            self._waiting.append(warp)
        if self._arrived < min(needed, self._warps):
            return []
        gone, when = self._waiting, self._last + constants.NAMED_RELEASE
        self._arrived, self._last, self._waiting = 0, 0.0, []
        self._completed = when
        return [(other, when) for other in gone]


class Turns:
    """One token goes around."""

    def __init__(self, warps, now):
        self._when = [[] for _ in range(warps)]
        self._when[0].append(now)

    def when(self, warp):
        return self._when[warp][0] if self._when[warp] else math.inf

    def take(self, warp):
        self._when[warp].pop(0)

    def pass_on(self, warp, now):
        following = (warp + 1) % len(self._when)
        self._when[following].append(now + constants.NAMED_RELEASE)
