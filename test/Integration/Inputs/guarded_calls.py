"""guarded_calls.py RUNTIME PACKAGE FUNCTION DIR: calls a function of a package
for processors on arrays between guard pages, on either side, with lengths that
fill no tile and no vector; the results are the judge's to hold. Says which array
a call went beyond. That guards see anything is shown by arrays that are one
element too short."""

import random
import struct
import sys

from attnrt import dlpack
from attnrt.guarded import SIDES, Guarded, fault_of
from attnrt.runtime import Function, Runtime

BYTES = {"f16": 2, "bf16": 2, "f32": 4}
LENGTHS = [(1, 1), (1, 129), (7, 15), (37, 51), (130, 97), (16, 16)]


def random_bytes(count, element, generator):
    values = [generator.gauss(0, 1) for _ in range(count)]
    if element == "f32":
        return struct.pack(f"<{count}f", *values)
    if element == "f16":
        return struct.pack(f"<{count}e", *values)
    wide = struct.pack(f"<{count}f", *values)
    return b"".join(wide[4 * i + 2:4 * i + 4] for i in range(count))


class Array:
    def __init__(self, shape, element, side, missing=0):
        self.shape, self.element = shape, element
        self.count = 1
        for size in shape:
            self.count *= size
        self.memory = Guarded((self.count - missing) * BYTES[element], side)

    def tensor(self):
        strides = [1] * len(self.shape)
        for i in range(len(self.shape) - 1, 0, -1):
            strides[i - 1] = strides[i] * self.shape[i]
        return dlpack.describe(self.memory.address, self.shape, strides,
                               self.element)


def shapes_of(function, lengths):
    """Of the arguments: the dynamic dimension is the length."""
    query, keys = lengths
    for arg in function.description["args"]:
        length = query if "query" in arg["roles"] else keys
        yield [length if size is None else size for size in arg["shape"]]


def make(function, lengths, side, missing=0):
    generator = random.Random(f"{lengths}")
    args = []
    for shape, arg in zip(shapes_of(function, lengths),
                          function.description["args"]):
        args.append(Array(shape, arg["type"], side, missing))
        if not missing:
            args[-1].memory.fill(random_bytes(args[-1].count, arg["type"],
                                              generator))
    tensors = [array.tensor() for array in args]
    results = [Array(list(shape), result["type"], side, missing)
               for shape, result in zip(function.shapes(tensors),
                                        function.description["results"])]
    return args, results


def call(function, args, results):
    return function.call([a.tensor() for a in args],
                         [r.tensor() for r in results])


def check(function, lengths, side):
    args, results = make(function, lengths, side)
    fault = fault_of(lambda: call(function, args, results))
    assert fault is None, f"{lengths} {side}: {fault.name}"
    for i, array in enumerate(args + results):
        assert array.memory.is_intact(), f"{lengths} {side}: array {i}"
    verdicts = function.judge([a.tensor() for a in args],
                              [r.tensor() for r in results])
    assert all(v.passed for v in verdicts), (lengths, side, [
        v.to_json() for v in verdicts])


def main():
    runtime = Runtime(sys.argv[1])
    # A child has none of its parent's threads.
    runtime.set_threads(1)
    assert runtime.threads() == 1
    function = Function(runtime, sys.argv[2], sys.argv[3])
    for lengths in LENGTHS:
        for side in SIDES:
            check(function, lengths, side)
    short = make(function, (64, 64), "end", missing=1)
    assert fault_of(lambda: call(function, *short)) is not None
    print(f"{len(LENGTHS) * len(SIDES)} calls stayed within their arrays")


main()
