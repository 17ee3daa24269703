#===- cuda_device.py - A GPU, through PyTorch ------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Device 0 of PyTorch. Packages share its primary context and its streams."""

import os
import platform
import subprocess

import torch

from attn_bench import timing
from attn_bench.device import Device
from attn_bench.failures import NoDevice
from attn_bench.torch_arrays import TorchArrays

FLUSH_BYTES = 512 << 20  # several times any L2 cache


def driver_facts():
    """Driver and power limit as nvidia-smi says them; None without it."""
    keys = ["driver_version", "power.limit", "clocks.max.sm"]
    command = ["nvidia-smi", f"--query-gpu={','.join(keys)}",
               "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(command, capture_output=True, text=True,
                              check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return dict.fromkeys(keys)
    return dict(zip(keys, said.splitlines()[0].split(", ")))


class Lap:
    """Device time of what is queued in between."""

    def __init__(self):
        self.begin = torch.cuda.Event(enable_timing=True)
        self.end = torch.cuda.Event(enable_timing=True)

    def milliseconds(self):
        return self.begin.elapsed_time(self.end)


class CudaDevice(Device):
    kind = "cuda"
    measures_time = True

    def __init__(self, runtime):
        if not torch.cuda.is_available():
            raise NoDevice("PyTorch finds no GPU")
        os.environ["ATTNRT_DEVICE"] = self.kind
        self.runtime = runtime
        torch.set_grad_enabled(False)
        self.arrays = TorchArrays("cuda")
        self.flush_buffer = None

    def describe(self):
        facts = torch.cuda.get_device_properties(0)
        said = driver_facts()
        return {"kind": self.kind, "name": facts.name,
                "compute_capability": f"{facts.major}.{facts.minor}",
                "multiprocessors": facts.multi_processor_count,
                "memory_bytes": facts.total_memory,
                "driver": said["driver_version"],
                "power_limit_w": said["power.limit"],
                "max_sm_mhz": said["clocks.max.sm"],
                "host": platform.machine()}

    def versions(self):
        cudnn = torch.backends.cudnn.version()
        return {"python": platform.python_version(),
                "torch": torch.__version__, "cuda": torch.version.cuda,
                "cudnn": None if cudnn is None else str(cudnn)}

    #===-- Running ---------------------------------------------------------===#

    def launcher(self, call, arrays):
        return lambda: call(torch.cuda.current_stream().cuda_stream)

    def poison_free_memory(self, case):
        """Allocators give out what was just freed: a peer that leaves part of
        its output alone shall not find an earlier answer there."""
        self.arrays.poisoned(case.shape("output"), case.function.element)

    def synchronize(self):
        torch.cuda.synchronize()

    def trim(self):
        torch.cuda.empty_cache()

    #===-- Timing ----------------------------------------------------------===#

    def sampling(self, case, flops):
        return timing.sampling_on_gpu(flops)

    def lap(self, work):
        """Queues work behind a flush of the L2 cache. The flush keeps the
        device busy while the host queues the work."""
        if self.flush_buffer is None:
            self.flush_buffer = torch.empty(FLUSH_BYTES, dtype=torch.uint8,
                                            device="cuda")
        self.flush_buffer.zero_()
        lap = Lap()
        lap.begin.record()
        work()
        lap.end.record()
        return lap

    def capture(self, works):
        """One CUDA graph of all of them: a function that replays it, and what
        each of them gives."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for work in works:
                work()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            outputs = [work() for work in works]
        return graph.replay, outputs

    def sensors(self):
        """What the chip says while work is queued; None where it does not."""
        return {"sm_mhz": read(torch.cuda.clock_rate),
                "power_w": read(torch.cuda.power_draw, 1e-3),
                "temperature_c": read(torch.cuda.temperature)}


def read(sensor, factor=1):
    try:
        return sensor(0) * factor
    except Exception:  # of NVML's own kind, or there is no NVML
        return None
