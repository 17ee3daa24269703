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
import math
import os

from attnrt import dlpack, package_file
from attnrt.failures import BadInput, Failure

MAX_RANK = 8  # ATTNRT_MAX_RANK
Row = ctypes.POINTER(dlpack.Pointer)
Entry = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, Row, Row)
Shapes = ctypes.CFUNCTYPE(ctypes.c_int, Row, ctypes.POINTER(ctypes.c_int64))
Flops = ctypes.CFUNCTYPE(ctypes.c_int, Row, ctypes.POINTER(ctypes.c_double))


class Symbols(ctypes.Structure):
    """AttnrtSymbols."""
    _fields_ = [("entry", Entry), ("shapes", Shapes), ("flops", Flops)]


class Verdict(ctypes.Structure):
    """AttnrtVerdict."""
    _fields_ = [("judged", ctypes.c_int32), ("passed", ctypes.c_int32),
                ("max_abs_error", ctypes.c_double),
                ("baseline_max_abs_error", ctypes.c_double),
                ("tolerance", ctypes.c_double),
                ("rows_judged", ctypes.c_int64),
                ("rows_total", ctypes.c_int64),
                ("worst_rank", ctypes.c_int32),
                ("worst_index", ctypes.c_int64 * MAX_RANK),
                ("reason", ctypes.c_char * 256)]

    def to_json(self):
        """As an entry of "outputs" in a record: what was not measured is
        None."""
        def measured(value):
            return None if math.isnan(value) else value
        return {"passed": bool(self.passed),
                "max_abs_error": measured(self.max_abs_error),
                "baseline_max_abs_error": measured(
                    self.baseline_max_abs_error),
                "tolerance": measured(self.tolerance),
                "worst_index": None if self.worst_rank < 0 else list(
                    self.worst_index[:self.worst_rank]),
                "rows_judged": self.rows_judged,
                "rows_total": self.rows_total,
                "reason": self.reason.decode(errors="replace") or None}


class Peaks(ctypes.Structure):
    """AttnrtPeaks."""
    _fields_ = [("threads", ctypes.c_int32),
                ("f32_instructions", ctypes.c_char * 28),
                ("bf16_instructions", ctypes.c_char * 32),
                ("f32_gflops", ctypes.c_double),
                ("bf16_gflops", ctypes.c_double),
                ("read_gbytes_per_s", ctypes.c_double),
                ("copy_gbytes_per_s", ctypes.c_double)]

    def to_json(self):
        """What the processor does not have is None."""
        def known(value):
            if isinstance(value, bytes):
                return value.decode() or None
            return None if math.isnan(value) else value
        return {name: known(getattr(self, name)) for name, _ in self._fields_}


class Runtime:
    """One per process: packages find it by its name."""

    def __init__(self, path):
        try:
            self.library = ctypes.CDLL(os.path.realpath(path),
                                       mode=ctypes.RTLD_GLOBAL)
        except OSError as error:
            raise BadInput(f"cannot load '{path}': {error}") from error
        self.library.attnrtLastError.restype = ctypes.c_char_p
        self.library.attnrtTakeReport.restype = ctypes.c_char_p
        self.library.attnrtOpenFunction.argtypes = [
            ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]
        self.library.attnrtSymbolsOf.argtypes = [ctypes.c_void_p,
                                                 ctypes.POINTER(Symbols)]
        self.library.attnrtSymbolsOf.restype = None
        self.library.attnrtJudge.argtypes = [ctypes.c_void_p, Row, Row,
                                             ctypes.c_uint64,
                                             ctypes.POINTER(Verdict)]
        self.library.attnrtSetThreads.argtypes = [ctypes.c_int32]
        self.library.attnrtThreads.restype = ctypes.c_int32
        self.library.attnrtMeasurePeaks.argtypes = [ctypes.POINTER(Peaks)]
        self.library.mgpuMemHostRegister.argtypes = [ctypes.c_void_p,
                                                     ctypes.c_uint64]
        self.library.mgpuMemHostUnregister.argtypes = [ctypes.c_void_p]

    def last_error(self):
        return self.library.attnrtLastError().decode(errors="replace")

    def check(self, status):
        if status != 0:
            raise Failure(self.last_error(), status)

    def set_threads(self, count):
        """Of launches on `host`, from now on."""
        self.check(self.library.attnrtSetThreads(count))

    def threads(self):
        count = self.library.attnrtThreads()
        if count == 0:
            raise BadInput(self.last_error())
        return count

    def measure_peaks(self):
        """What the threads of launches together can do at best."""
        peaks = Peaks()
        self.check(self.library.attnrtMeasurePeaks(ctypes.byref(peaks)))
        return peaks.to_json()

    def take_report(self):
        """What the simulator executed since the last call; None on a GPU."""
        text = self.library.attnrtTakeReport()
        return None if text is None else json.loads(text)


class Function:
    """A function of a package, by the name that the package has for it."""

    def __init__(self, runtime, path, name):
        self.runtime = runtime
        self.package = package_file.read_description(path)
        known = {f["name"]: f for f in self.package["functions"]}
        if name not in known:
            raise BadInput(f"'{path}' has no function '{name}'")
        self.description = known[name]
        self.handle = ctypes.c_void_p()
        status = runtime.library.attnrtOpenFunction(
            os.fsencode(path), name.encode(), ctypes.byref(self.handle))
        if status != 0:
            raise Failure(runtime.last_error(), status)
        self.symbols = Symbols()
        runtime.library.attnrtSymbolsOf(self.handle,
                                        ctypes.byref(self.symbols))

    def roles(self):
        """What each argument is to the operations that read it."""
        return [arg["roles"] for arg in self.description["args"]]

    def result_roles(self):
        return [result["role"] for result in self.description["results"]]

    def flops(self, args):
        """As the compiler counts them; only shapes are read."""
        count = ctypes.c_double()
        self.runtime.check(self.symbols.flops(dlpack.pointers(args),
                                              ctypes.byref(count)))
        return count.value

    def shapes(self, args):
        """Of the results; only shapes are read."""
        ranks = [len(r["shape"]) for r in self.description["results"]]
        flat = (ctypes.c_int64 * sum(ranks))()
        self.runtime.check(self.symbols.shapes(dlpack.pointers(args), flat))
        values = iter(flat)
        return [tuple(next(values) for _ in range(rank)) for rank in ranks]

    def call(self, args, results, stream=None):
        """The status; its text is the runtime's last_error()."""
        return self.symbols.entry(stream, dlpack.pointers(args),
                                  dlpack.pointers(results))

    def bind(self, args, results):
        """A call with everything but the stream decided: launching has to be
        quick. The descriptors live as long as what is returned."""
        rows = dlpack.pointers(args), dlpack.pointers(results)
        keep = args, results
        entry = self.symbols.entry

        def call(stream):
            status = entry(stream, *rows)
            if status != 0:
                self.runtime.check(status)
            return keep
        return call

    def judge(self, args, results, seed=1):
        """A verdict for each result; None for one that is None."""
        verdicts = (Verdict * len(results))()
        self.runtime.check(self.runtime.library.attnrtJudge(
            self.handle, dlpack.pointers(args), dlpack.pointers(results), seed,
            verdicts))
        return [v if v.judged else None for v in verdicts]
