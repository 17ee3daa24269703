#===- durations.py - How long a tile takes ---------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Tiles with few steps are run, one after the other; the steps of those with many take
as long as in one long tile, once it has settled."""

from attn_bench.predict import tiles

_EXACT = (0, 1, 2, 3, 5, 7)  # steps of the longest loop that are run
_MOST = _EXACT[-1]
_SETTLING, _SETTLED = 8, 16  # steps of the long tile before it is measured, and then


class Durations:
    """Of tiles of one kernel, by how often each of its loops runs."""

    def __init__(self, kernel, missing):
        self._kernel, self._missing = kernel, missing
        self._run = {}
        self.first = 0.0  # what the first tile takes more than the others

    def of(self, counts):
        longest = max(range(len(counts)), key=lambda i: counts[i])

        def with_steps(number):
            return self._of_run(counts[:longest] + (number,) + counts[longest + 1:])

        steps = counts[longest]
        if steps in _EXACT:
            return self._of_run(counts)
        if steps < _MOST:
            return (with_steps(steps - 1) + with_steps(steps + 1)) / 2
        more = (steps - _MOST) * self._of_step(counts, longest)
        return with_steps(_MOST) + more

    def _of_step(self, counts, loop):
        """Of one loop, when it runs for long."""
        key = counts[:loop] + (None,) + counts[loop + 1:]
        if key not in self._run:
            long = tuple(_SETTLING + _SETTLED if i == loop else 0
                         for i in range(len(counts)))
            self._run[key] = tiles.step(self._kernel, long, _SETTLED, self._missing)
        return self._run[key]

    def _of_run(self, counts):
        if counts not in self._run:
            through = tiles.run(self._kernel, [counts] * tiles.TILES, self._missing)
            self._run[counts] = (through[-1] - through[1]) / (tiles.TILES - 2)
            self.first = max(self.first, through[0] - self._run[counts])
        return self._run[counts]
