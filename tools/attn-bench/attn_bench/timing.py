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
import random
import time
from typing import Optional

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
    # Who takes so many times as long as the fastest takes part in `slow_rounds`
    # turns only.
    slow_factor: Optional[float] = None
    slow_rounds: int = 3


@dataclasses.dataclass(frozen=True)
class Sampling:
    """What one sample of a contender runs: each of some sets of operands once,
    and that a number of times. A sample's method is "events" or "graph" on a
    GPU, "calls" on the host."""
    method: str
    sets: int = 1
    times: int = 1

    @property
    def runs(self):
        return self.sets * self.times


def sampling_on_gpu(flops):
    if flops >= GRAPH_BELOW_FLOPS:
        return Sampling("events")
    if flops >= GRAPH_FLOPS:
        return Sampling("graph")
    return Sampling("graph", min(MOST_SETS, math.ceil(GRAPH_FLOPS / flops)))


class Runs:
    """A sample that is no graph."""

    def __init__(self, runs, sampling):
        self.runs = runs
        self.times = sampling.times

    def __call__(self):
        for _ in range(self.times):
            for run in self.runs:
                run()

    def __len__(self):
        return self.times * len(self.runs)


def order(names, turn):
    """Another one in each turn, the same in each run: who comes after whom must
    not matter."""
    return random.Random(turn).sample(names, len(names))


class Rounds:
    """Samples of a number of works, by name, in milliseconds."""

    def __init__(self, device, works, settings, now=time.monotonic):
        self.device = device
        self.works = works
        self.settings = settings
        self.now = now
        self.samples = {name: [] for name in works}
        self.slow = set()
        self.sensors = []

    def turn(self, number):
        """Everyone once, those that are slow not for long."""
        late = number >= self.settings.slow_rounds
        names = order([name for name in self.works
                       if not (late and name in self.slow)], number)
        laps = {name: self.device.lap(self.works[name]) for name in names}
        if number % SENSOR_INTERVAL == 0:
            self.sensors.append(self.device.sensors())
        self.device.synchronize()
        return {name: lap.milliseconds() for name, lap in laps.items()}

    def has_enough(self):
        done = max(map(len, self.samples.values()))
        total = sum(map(sum, self.samples.values()))
        if done < self.settings.least_rounds:
            return False
        return (done >= self.settings.most_rounds
                or total >= self.settings.enough_ms)

    def warm_up(self):
        times = {}
        for number in range(self.settings.warm_up_rounds):
            times.update(self.turn(number))
        if times and self.settings.slow_factor is not None:
            limit = self.settings.slow_factor * min(times.values())
            self.slow = {name for name, ms in times.items() if ms > limit}
        self.sensors.clear()

    def run(self, deadline=None):
        """False where the deadline came before the least rounds."""
        self.warm_up()
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


def timing_of(samples, flops, sampling):
    """"timing" of the record."""
    each = [value / sampling.runs for value in samples]
    return dict(summarize(each, flops), method=sampling.method,
                runs_per_sample=sampling.runs,
                samples_ms=[float(f"{value:.6g}") for value in each])
