#===- device.py - What a session asks of a device -------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""cuda_device.py, sim_device.py and host_device.py; what most of them need not
answer is answered here."""

from attn_bench.failures import BadInput


class Device:
    kind = ""
    measures_time = True
    arrays = None  # numpy_arrays.py, torch_arrays.py

    def describe(self):
        """"device" of the record."""
        raise NotImplementedError

    def versions(self):
        raise NotImplementedError

    def machine(self):
        """"machine" of the record: what was measured of the machine so far."""
        return None

    def measure_machine(self):
        """Before the first case, half-way, and after the last one."""

    def expect_code(self, package):
        """BadInput where the package's code is not for this device."""
        if package["host"] is not None:
            raise BadInput(f"device {self.kind} runs code for GPUs; the "
                           f"packages are for {package['target']}")

    def refuses(self, flops):
        """Why a case is too much; None where it is not."""
        return None

    #===-- Running ---------------------------------------------------------===#

    def launcher(self, call, arrays):
        """A function without arguments that queues a call of a package."""
        raise NotImplementedError

    def execution_report(self):
        """What was executed since the last call, on the simulator."""
        return None

    def poison_free_memory(self, case):
        """Where allocators give out what was just freed."""

    def synchronize(self):
        """Waits for what is queued; raises where the device is lost."""

    def trim(self):
        """Between cases: frees what is cached."""

    #===-- Timing ----------------------------------------------------------===#

    def sampling(self, case, flops):
        """Of one sample, as timing.Sampling."""
        raise NotImplementedError

    def lap(self, work):
        """Queues the work of a sample; what comes back knows its
        milliseconds() once the device was waited for."""
        raise NotImplementedError

    def capture(self, works):
        """A graph, where there are such samples."""
        raise NotImplementedError

    def sensors(self):
        """Readings by name, None where one is silent."""
        return {}
