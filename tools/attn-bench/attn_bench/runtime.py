#===- runtime.py - libattnrt.so and packages, by ctypes --------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Calls the C interface of attnrt/Abi.h."""

import ctypes
import json
import os

from attn_bench import dlpack, package_file
from attn_bench.failures import BadInput, Failure


def load(path, mode):
    try:
        return ctypes.CDLL(os.path.realpath(path), mode=mode)
    except OSError as error:
        raise BadInput(f"cannot load '{path}': {error}") from error


class Runtime:
    """One per process: packages find it by its name."""

    def __init__(self, path):
        self.library = load(path, ctypes.RTLD_GLOBAL)
        self.library.attnrtLastError.restype = ctypes.c_char_p
        self.library.attnrtTakeReport.restype = ctypes.c_char_p
        self.library.mgpuMemHostRegister.argtypes = [ctypes.c_void_p,
                                                     ctypes.c_uint64]
        self.library.mgpuMemHostUnregister.argtypes = [ctypes.c_void_p]

    def check(self, status):
        if status != 0:
            message = self.library.attnrtLastError()
            raise Failure(message.decode(errors="replace"), status)

    def take_report(self):
        """What the simulator executed since the last call; None on a GPU."""
        text = self.library.attnrtTakeReport()
        return None if text is None else json.loads(text)


class CompiledFunction:
    """A function of a package, with the package's own name for it."""

    def __init__(self, runtime, path, name):
        self.runtime = runtime
        self.package = package_file.read_description(path)
        known = {f["name"]: f for f in self.package["functions"]}
        if name not in known:
            raise BadInput(f"'{path}' has no function '{name}'")
        library = load(path, ctypes.RTLD_LOCAL)
        try:
            self.entry = getattr(library, known[name]["entry"])
            self.count_flops = getattr(library, known[name]["flops"])
        except AttributeError as error:
            raise BadInput(f"'{path}': {error}") from error
        self.entry.argtypes = [ctypes.c_void_p,
                               ctypes.POINTER(dlpack.Pointer),
                               ctypes.POINTER(dlpack.Pointer)]

    def flops(self, args):
        """As the compiler counts them, for arguments of these shapes."""
        count = ctypes.c_double()
        self.runtime.check(self.count_flops(dlpack.pointers(args),
                                            ctypes.byref(count)))
        return count.value

    def bind(self, args, results):
        """A call with everything but the stream decided: launching has to be
        quick. The descriptors live as long as what is returned."""
        rows = dlpack.pointers(args), dlpack.pointers(results)
        keep = args, results

        def call(stream):
            status = self.entry(stream, *rows)
            if status != 0:
                self.runtime.check(status)
            return keep
        return call
