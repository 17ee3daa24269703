#===- timing.py - Turns of everyone ----------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Times contenders on the same operands in turns, so that a change of clocks
or temperature meets each of them."""

import dataclasses
import math
import time

from attn_bench.statistics import quantile, summarize

# Below this a launch by the host would show, so the work is captured once and
# replayed as a graph.
GRAPH_BELOW_FLOPS = 1e11
# Below this one run is too short for the clock of events: a graph has several,
# each with operands of its own, all of them flushed from the cache before.
GRAPH_FLOPS = 2e10
MOST_SETS = 16
# Turns from one reading of clocks and power to the next: a reading takes
# milliseconds of the host.
SENSOR_INTERVAL = 5


@dataclasses.dataclass(frozen=True)
class Settings:
    warm_up_rounds: int = 3
    least_rounds: int = 30
    most_rounds: int = 200
    enough_ms: float = 500  # of everyone, after the least rounds


def sets_of_operands(flops):
    """How many runs one measurement has."""
    if flops >= GRAPH_FLOPS:
        return 1
    return min(MOST_SETS, math.ceil(GRAPH_FLOPS / flops))


def uses_graph(flops):
    return flops < GRAPH_BELOW_FLOPS


def rotated(names, by):
    by %= len(names)
    return names[by:] + names[:by]


class Rounds:
    """Samples of a number of works, by name, in milliseconds."""

    def __init__(self, device, works, settings, now=time.monotonic):
        self.device = device
        self.works = works
        self.settings = settings
        self.now = now
        self.samples = {name: [] for name in works}
        self.sensors = []

    def turn(self, number):
        """Everyone once; who begins changes from turn to turn."""
        names = rotated(list(self.works), number)
        laps = {name: self.device.lap(self.works[name]) for name in names}
        if number % SENSOR_INTERVAL == 0:
            self.sensors.append(self.device.sensors())
        self.device.synchronize()
        return {name: lap.milliseconds() for name, lap in laps.items()}

    def has_enough(self):
        done = len(next(iter(self.samples.values())))
        total = sum(map(sum, self.samples.values()))
        if done < self.settings.least_rounds:
            return False
        return (done >= self.settings.most_rounds
                or total >= self.settings.enough_ms)

    def run(self, deadline=None):
        """False where the deadline came before the least rounds."""
        for number in range(self.settings.warm_up_rounds):
            self.turn(number)
        self.sensors.clear()
        number = 0
        while not self.has_enough():
            if deadline is not None and self.now() > deadline:
                return number >= self.settings.least_rounds
            for name, time_ms in self.turn(number).items():
                self.samples[name].append(time_ms)
            number += 1
        return True


def summarize_sensors(sensors):
    """Least, median and most of each; None for what was never read."""
    summary = {}
    for name in sensors[0] if sensors else ():
        values = [reading[name] for reading in sensors
                  if reading[name] is not None]
        summary[name] = {"min": min(values), "median": quantile(values, 0.5),
                         "max": max(values)} if values else None
    return summary


def timing_of(samples, flops):
    """"timing" of the record."""
    sets = sets_of_operands(flops)
    each = [value / sets for value in samples]
    return dict(summarize(each, flops),
                method="graph" if uses_graph(flops) else "events",
                runs_per_sample=sets,
                samples_ms=[float(f"{value:.6g}") for value in each])
