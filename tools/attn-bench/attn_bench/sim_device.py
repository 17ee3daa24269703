#===- sim_device.py - The simulator, on arrays of numpy --------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs packages on the simulator of their PTX: verdicts and counts, no time."""

import os
import platform

import numpy

from attn_bench.device import Device
from attn_bench.numpy_arrays import NumpyArrays

# Some minutes of the simulator on two cores.
MOST_FLOPS = 2e10


class SimDevice(Device):
    kind = "sim"
    measures_time = False

    def __init__(self, runtime):
        os.environ["ATTNRT_DEVICE"] = self.kind
        self.runtime = runtime
        self.arrays = NumpyArrays()

    def describe(self):
        return {"kind": self.kind, "name": "attn-mlir PTX simulator",
                "host": platform.machine()}

    def versions(self):
        return {"python": platform.python_version(),
                "numpy": numpy.__version__}

    def refuses(self, flops):
        if flops > MOST_FLOPS:
            return (f"{flops * 1e-9:.0f} GFLOP are too many for the "
                    f"simulator (at most {MOST_FLOPS * 1e-9:.0f})")
        return None

    def launcher(self, call, arrays):
        """Host memory is the simulator's while the kernel runs."""
        library = self.runtime.library
        spans = [(array.ctypes.data, array.nbytes) for array in arrays]

        def launch():
            for address, size in spans:
                library.mgpuMemHostRegister(address, size)
            try:
                call(None)
            finally:
                for address, _ in spans:
                    library.mgpuMemHostUnregister(address)
        return launch

    def execution_report(self):
        return self.runtime.take_report()
