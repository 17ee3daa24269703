#===- check_calls.py - A package called by a program -----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Calls entries of packages as a program would, on the simulator.

Usage: check_calls.py ATTN_COMPILE LIB_DIR DIRECTORY

Operands and results have strides that are not those of the shape, and byte
offsets; rows of results begin at multiples of 16 bytes, or of 4 where no copy
engine writes them; numpy judges. Operands may be views of one packed tensor.
What an entry cannot take is refused with a message, and nothing is launched.
"""

import ctypes
import os
import subprocess
import sys

import numpy as np

from attn_testing import oracle
from attn_testing.case import Case
from attn_testing.package import (Package, describe, from_storage,
                                  make_operands, spread, to_storage)

ALL = frozenset(a + b for a in "qkv" for b in "bhs")
POISON_BYTE = 0xff
BAD_INPUT = 2

CASES = [
    Case(batch=2, heads=(4, 2), lengths=(70, 45), dims=(64, 40),
         causal="bottom_right", dynamic=ALL),
    Case(element="f16", batch=2, heads=(3, 1), lengths=(33, 130),
         dims=(40, 64), layout="bshd", window=(20, 7), masked_row="uniform",
         results=("lse", "o"), dynamic=ALL),
    Case(batch=2, heads=(2, 1), lengths=(21, 150), dims=(32, 40),
         layout="bshd", causal="top_left", dynamic=ALL, schedule="split=3"),
    Case(batch=3, heads=(2, 2), lengths=(17, 0), dims=(16, 16), dynamic=ALL),
]

# Each with a layout, and with results that a copy engine writes.
COPY_ENGINE_CASES = [CASES[0], CASES[1], CASES[3]]

PACKED = Case(batch=2, heads=(3, 3), lengths=(70, 70), dims=(64, 64),
              layout="bshd", causal="top_left", dynamic=ALL)


class Simulator:
    def __init__(self, library):
        self.library = ctypes.CDLL(library)
        for name in ("Open", "Allocate"):
            getattr(self.library, f"attnTest{name}").restype = ctypes.c_uint64
        self.device = ctypes.c_void_p(self.library.attnTestOpen(b"sim"))

    def close(self):
        self.library.attnTestClose(self.device)

    def whole(self, array):
        """The array that a view looks into: gaps are copied, too."""
        return array if array.base is None else array.base

    def send(self, array, offset=16):
        """A descriptor of the array's copy on the device."""
        whole = self.whole(array)
        size = ctypes.c_uint64(whole.nbytes)
        address = self.library.attnTestAllocate(self.device, size)
        if self.library.attnTestToDevice(
                self.device, ctypes.c_uint64(address),
                ctypes.c_void_p(whole.ctypes.data), size) != 0:
            sys.exit("copying failed")
        inner = array.ctypes.data - whole.ctypes.data
        return describe(array, data=address + inner, offset=offset)

    def fetch(self, array, tensor):
        whole = self.whole(array)
        inner = array.ctypes.data - whole.ctypes.data
        begin = tensor.data + tensor.byte_offset - inner
        if self.library.attnTestToHost(
                self.device, ctypes.c_void_p(whole.ctypes.data),
                ctypes.c_uint64(begin), ctypes.c_uint64(whole.nbytes)) != 0:
            sys.exit("copying failed")


def make_results(case, alignment=16):
    """Strided, and filled with poison, gaps too."""
    results = []
    for x in case.results:
        dtype = np.float32 if x == "lse" else (
            np.float16 if case.element == "f16" else np.uint16)
        array = spread(np.zeros(case.shape(x), dtype), alignment=alignment)
        array.base.view(np.uint8)[...] = POISON_BYTE
        results.append(array)
    return results


def gaps_are_left(array):
    """Whether what lies between the rows is as make_results left it."""
    is_gap = np.ones(array.base.shape, bool)
    is_gap[tuple(slice(0, n) for n in array.shape)] = False
    return bool((array.base[is_gap].view(np.uint8) == POISON_BYTE).all())


def check_results(case, operands, results):
    reference, baseline = (oracle.attention(case, *operands.values(),
                                            exact=exact)
                           for exact in (True, False))
    for x, result in zip(case.results, results):
        wrong = oracle.judge(case, x, from_storage(result), reference[x],
                             baseline[x])
        if wrong:
            sys.exit(f"{case}\n{wrong}")
        if not gaps_are_left(result):
            sys.exit(f"{case}\n{x}: written between the rows")


def spread_apart(case, operands):
    return [spread(to_storage(case.element, operands[x])) for x in "qkv"]


def pack(case, operands):
    """Views of one tensor of batch, length, q or k or v, head, dimension."""
    values = [to_storage(case.element, operands[x]) for x in "qkv"]
    packed = np.zeros((*values[0].shape[:2], 3, *values[0].shape[2:]),
                      values[0].dtype)
    for i, value in enumerate(values):
        packed[:, :, i] = value
    return [packed[:, :, i] for i in range(3)]


def check(case, package, simulator, rng, alignment, arrange=spread_apart):
    operands = make_operands(case, rng)
    args = [simulator.send(array) for array in arrange(case, operands)]
    results = make_results(case, alignment)
    tensors = [simulator.send(r) for r in results]
    package.check(package.call("f", args, tensors))
    for result, tensor in zip(results, tensors):
        simulator.fetch(result, tensor)
    check_results(case, operands, results)


def check_refusals(case, package, simulator, rng):
    """Each descriptor that an entry cannot take, one at a time."""
    operands = make_operands(case, rng)

    def refused(what, change, expected):
        arrays = [spread(to_storage(case.element, operands[x])) for x in "qkv"]
        tensors = [simulator.send(a) for a in arrays + make_results(case)]
        change(tensors)
        status = package.call("f", tensors[:3], tensors[3:])
        message = package.runtime.last_error()
        if status != BAD_INPUT or expected not in message:
            sys.exit(f"{what}: status {status}, message '{message}'")
        print(f"{what}: {message}")

    def set_field(index, field, value):
        return lambda tensors: setattr(tensors[index], field, value)

    def set_item(index, field, dim, value):
        def change(tensors):
            getattr(tensors[index], field)[dim] = value
        return change

    refused("rank", set_field(0, "ndim", 3), "argument 0")
    refused("bits", set_field(1, "bits", 32), "argument 1")
    refused("code", set_field(1, "code", 0), "argument 1")
    refused("head dim", set_item(2, "shape", 3, 48), "argument 2")
    refused("inner stride", set_item(0, "strides", 3, 2), "argument 0")
    refused("stride of 3 elements", set_item(0, "strides", 2, 67),
            "argument 0")
    refused("address", set_field(0, "byte_offset", 2), "argument 0")
    refused("another device", set_field(1, "device_type", 2),
            "argument 1: expected memory of the host as argument 0 has, got "
            "memory of cuda:0")
    refused("no device of ours", set_field(0, "device_type", 10),
            "argument 1: expected memory of DLPack device 10:0 as argument 0 "
            "has")
    refused("batch", set_item(1, "shape", 0, 3), "batch")
    refused("length", set_item(2, "shape", 2, 44), "length")
    refused("result's length", set_item(3, "shape", 2, 69), "result 0")


def check_unwritten(case, package, simulator, rng):
    """Rows of results that a copy engine cannot write: refused, not written."""
    operands = make_operands(case, rng)
    args = [simulator.send(array) for array in spread_apart(case, operands)]
    results = make_results(case, alignment=4)
    tensors = [simulator.send(r) for r in results]
    status = package.call("f", args, tensors)
    message = package.runtime.last_error()
    result = f"result {case.results.index('o')}: "
    expected = "to be a multiple of 16 bytes"
    if (status != BAD_INPUT or not message.startswith(result)
            or expected not in message):
        sys.exit(f"unaligned result: status {status}, message '{message}'")
    print(f"unaligned result: {message}")
    for result, tensor in zip(results, tensors):
        simulator.fetch(result, tensor)
        if not (result.base.view(np.uint8) == POISON_BYTE).all():
            sys.exit("unaligned result: written")


class Calls:
    """Compiles a case for a target and gives it to a check of one package."""

    def __init__(self, compiler, libraries, directory):
        self.compiler = compiler
        self.libraries = libraries
        self.directory = directory
        self.count = 0

    def run(self, case, target, checks):
        path = os.path.join(self.directory, f"calls-{self.count}.so")
        flags = [f"--schedule={case.schedule}"] if case.schedule else []
        subprocess.run([self.compiler, "-", f"--target={target}", "-o", path,
                        *flags], input=case.mlir(), text=True, check=True)
        package = Package(path, os.path.join(self.libraries, "libattnrt.so"))
        simulator = Simulator(
            os.path.join(self.libraries, "attn-test-device.so"))
        rng = np.random.default_rng(self.count)
        for each, *arguments in checks:
            each(case, package, simulator, rng, *arguments)
        simulator.close()
        self.count += 1


def main():
    calls = Calls(*sys.argv[1:])
    for number, case in enumerate(CASES):
        refusals = [(check_refusals,)] if number == 0 else []
        calls.run(case, "sm_80", [(check, 16), (check, 4), *refusals])
    for number, case in enumerate(COPY_ENGINE_CASES):
        refusals = [(check_refusals,), (check_unwritten,)] if number == 0 else []
        calls.run(case, "sm_90a", [(check, 16), *refusals])
    for target in "sm_80", "sm_90a":
        calls.run(PACKED, target, [(check, 16, pack)])
    print(f"{calls.count} functions agree")


main()
