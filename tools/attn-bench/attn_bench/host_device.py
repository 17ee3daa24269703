#===- host_device.py - The processor --------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""The processor that this runs on. Everyone has the same number of threads, in
pools of their own. A pool whose threads wait for work by spinning takes time
from whoever is measured next, and one whose threads sleep has to be woken. So a
sample begins when the process is idle, and a short one with a run that is not
timed: peers need no settings that keep their pools from spinning."""

import gc
import os
import platform
import threading
import time

import numpy

from attn_bench.device import Device
from attn_bench.failures import BadInput
from attn_bench.numpy_arrays import NumpyArrays
from attn_bench.timing import Sampling

# About a millisecond.
FLOPS_OF_SAMPLE = 2e8
MOST_RUNS = 64
# How long it waits for threads to sleep, in seconds.
MOST_WAITING = 0.1
LOOKS_EVERY = 2e-4
THREADS = "/proc/self/task"
CACHES = "/sys/devices/system/cpu/cpu0/cache"
# Where the system does not say how large they are.
CACHE_BYTES = 64 << 20


def cache_bytes():
    """Of the largest cache."""
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    sizes = []
    try:
        for name in os.listdir(CACHES):
            if name.startswith("index"):
                with open(os.path.join(CACHES, name, "size"),
                          encoding="ascii") as file:
                    text = file.read().strip()
                sizes.append(int(text[:-1]) * units[text[-1]])
    except (OSError, ValueError, KeyError, IndexError):
        pass
    return max(sizes, default=CACHE_BYTES)


def processor_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return f"{platform.machine()} processor"


def others_sleep():
    """Whether no thread of this process but the caller's runs, or would. What
    the system says of their processor time is milliseconds old."""
    mine = str(threading.get_native_id())
    for thread in os.listdir(THREADS):
        if thread == mine:
            continue
        try:
            with open(f"{THREADS}/{thread}/stat", encoding="utf-8") as file:
                state = file.read().rpartition(") ")[2][:1]
        except OSError:  # it has just ended
            continue
        if state == "R":
            return False
    return True


class Lap:
    def __init__(self, seconds):
        self.seconds = seconds

    def milliseconds(self):
        return self.seconds * 1e3


class HostDevice(Device):
    kind = "host"

    def __init__(self, runtime, threads=None):
        self.runtime = runtime
        if threads is not None:
            runtime.set_threads(threads)
        self.threads = runtime.threads()
        # Before a peer that reads it is loaded.
        os.environ["OMP_NUM_THREADS"] = str(self.threads)
        self.arrays = NumpyArrays()
        self.cold_bytes = 2 * cache_bytes()
        self.readings = []

    def describe(self):
        return {"kind": self.kind, "name": processor_name(),
                "threads": self.threads, "processors": os.cpu_count(),
                "cache_bytes": self.cold_bytes // 2,
                "host": platform.machine()}

    def versions(self):
        return {"python": platform.python_version(),
                "numpy": numpy.__version__}

    def expect_code(self, package):
        if package["host"] is None:
            raise BadInput("device host runs code for processors; the packages "
                           f"are for {package['target']}")

    #===-- The machine -----------------------------------------------------===#

    def measure_machine(self):
        self.settle()
        self.readings.append(self.runtime.measure_peaks())

    def machine(self):
        if not self.readings:
            return None
        numbers = [key for key, value in self.readings[0].items()
                   if isinstance(value, float)]
        best = {key: max(reading[key] for reading in self.readings)
                for key in numbers}
        return {**self.readings[0], **best,
                "readings": [{key: reading[key] for key in numbers}
                             for reading in self.readings]}

    #===-- Running ---------------------------------------------------------===#

    def launcher(self, call, arrays):
        return lambda: call(None)

    def poison_free_memory(self, case):
        self.arrays.poisoned(case.shape("output"), case.function.element)

    def trim(self):
        gc.collect()

    #===-- Timing ----------------------------------------------------------===#

    def sampling(self, case, flops):
        """Whoever decodes has not just read these keys and values: other sets
        of them, more than the caches hold, lie between."""
        if case.function.queries is not None:
            sets = -(-self.cold_bytes // case.operand_bytes)
            return Sampling("calls", sets=min(MOST_RUNS, sets))
        return Sampling("calls", times=min(
            MOST_RUNS, int(-(-FLOPS_OF_SAMPLE // flops))))

    def settle(self):
        """Until nobody's threads spin any more."""
        limit = time.perf_counter() + MOST_WAITING
        while time.perf_counter() < limit:
            if others_sleep():
                return
            time.sleep(LOOKS_EVERY)

    def lap(self, work):
        self.settle()
        if len(work) > 1:
            work.runs[-1]()
        begin = time.perf_counter()
        work()
        return Lap(time.perf_counter() - begin)
