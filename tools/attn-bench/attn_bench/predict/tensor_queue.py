#===- tensor_queue.py - Products of warpgroups in their queue --------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""The tensor cores of a multiprocessor take products of warpgroups in the order of
their admission, one at a time. Only some may wait there; who comes then waits at
issue. A result is there a tail after its last multiplication."""

import collections

from attn_bench.predict import constants


class TensorQueue:
    def __init__(self):
        self.free = 0.0  # when the last that was admitted is through
        self.busy = 0.0  # clocks of multiplying, all together
        self._begins = collections.deque(maxlen=max(constants.PRODUCT_DEPTH.values()))

    def earliest(self, source):
        """When one more is admitted: as soon as few enough have not begun."""
        depth = constants.PRODUCT_DEPTH[source]
        return self._begins[-depth] if len(self._begins) >= depth else 0.0

    def admit(self, now, clocks, source, is_first):
        """When its result is there. The first of a group finds the cores as another
        group left them."""
        begin = max(now, self.free)
        if is_first:
            begin += constants.PRODUCT_SWITCH
        self.free = begin + clocks
        self.busy += clocks
        self._begins.append(begin)
        return self.free + constants.PRODUCT_TAIL[source]

    def presses(self, now):
        """Whether products that run, or whose results are written, slow others."""
        tails = constants.PRESSURE_TAILS * constants.PRODUCT_TAIL["SS"]
        return self.free > 0 and now < self.free + tails
