#===- run_kernel.py - Kernels on tiles, held against numpy -----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: run_kernel.py KERNEL.mlir COMPILER LIB_DIR PACKAGE [--without TEXT]

Compiles a kernel on tiles with its host function, and runs it: on the simulator in
every order in which copies and products may complete, or on the processor. Results are
held against numpy's in double precision. With --without, each line of the lowered kernel that has
this text is left out, one at a time, and some order must show that it is missing.
"""

import ctypes
import os
import pathlib
import re
import subprocess
import sys

import numpy as np

from attn_testing import oracle, package

ORDERS = ["late", "early", "torn", "random:1", "random:2"]
HALF_ULP = 2.0 ** -8  # of bf16, relative

rng = np.random.default_rng(5)


def draw(*shape):
    return oracle.round_to("bf16", 0.5 * rng.standard_normal(shape))


def heads_last_two(*arrays):
    return [array[0].astype(np.float64) for array in arrays]


def run_gemm():
    for m, k, n in [(64, 256, 1), (100, 192, 2), (64, 64, 1)]:
        a, b = draw(1, m, k // 64, 64), draw(1, k, n, 128)
        c = (a.reshape(m, k).astype(np.float64) @ b.reshape(k, n * 128))
        yield [a, b], [c.reshape(1, m, n, 128)]


def weights_of(q, k, bias=0.0):
    scores = (q @ k.swapaxes(-1, -2) + bias) / 8
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def run_attention(rows):
    for heads, queries, keys in [(1, rows, 192), (2, rows + 9, 64), (1, 5, 320)]:
        q, k, v = (draw(1, heads, n, 64) for n in (queries, keys, keys))
        qs, ks, vs = heads_last_two(q, k, v)
        yield [q, k, v], [(weights_of(qs, ks) @ vs)[None]]


def run_bias():
    for heads, queries, keys in [(1, 64, 192), (2, 73, 128)]:
        q, k, v = (draw(1, heads, n, 64) for n in (queries, keys, keys))
        bias = rng.standard_normal((heads, queries, keys)).astype(np.float32)
        qs, ks, vs = heads_last_two(q, k, v)
        yield [q, k, v, bias], [(weights_of(qs, ks, bias) @ vs)[None]]


def run_grad_kv():
    for heads, keys, queries in [(1, 64, 64), (1, 64, 320), (2, 100, 128)]:
        q, g = (draw(1, heads, queries, 64) for _ in range(2))
        k, v = (draw(1, heads, keys, 64) for _ in range(2))
        qs, gs, ks, vs = heads_last_two(q, g, k, v)
        scores = qs @ ks.swapaxes(-1, -2) / 8
        lse = np.log2(np.exp(scores).sum(-1)).astype(np.float32)
        weights = np.exp2(scores * np.log2(np.e) - lse[..., None])
        delta = ((weights @ vs) * gs).sum(-1).astype(np.float32)
        dscores = weights * (gs @ vs.swapaxes(-1, -2) - delta[..., None]) / 8
        yield ([k, v, q, g, lse, delta],
               [(dscores.swapaxes(-1, -2) @ qs)[None],
                (weights.swapaxes(-1, -2) @ gs)[None]])


CASES = {"gemm": run_gemm, "two_walks": lambda: run_attention(64),
         "three_roles": lambda: run_attention(128), "bias": run_bias,
         "grad_kv": run_grad_kv}


def described(text):
    """What a package says about arguments and results is on the function."""
    def tensors(types):
        return types.count("!") + types.count("tensor<")

    def describe(match):
        args = ", ".join(["{roles = []}"] * tensors(match[1]))
        judge = "{rows = [0, 1, 2], chain = 4 : i64, edges = []}"
        results = ", ".join([f'{{role = "result", judge = {judge}}}']
                            * tensors(match[2]))
        return (f"{match[1]}{match[2]} attributes {{tile.args = [{args}], "
                f"tile.results = [{results}]}} {{")
    return re.sub(r"(func\.func @\w+\(.*?\) -> )(.*?) {$", describe, text,
                  flags=re.M)


def judges(text, name):
    """A package has judges beside each function. Those of these tests are in
    Python, so the package's are empty."""
    signature = re.search(rf"func\.func @{name}\((.*?)\) -> \(?(.*?)\)? {{", text)
    aliases = dict(re.findall(r"^(!\w+) = (tensor<.*>)$", text, re.M))

    def memref(kind, number, element=None):
        shape, of = re.fullmatch(r"tensor<(.*)x(\w+)>", aliases.get(kind, kind)).groups()
        strides = ", ".join(["?"] * shape.count("x") + ["1"])
        return (f"%x{number}: memref<{shape}x{element or of}, "
                f"strided<[{strides}], offset: ?>>")

    split = r", (?=[%!t])"
    kinds = [a.split(": ")[1] for a in re.split(split, signature[1])]
    args = [memref(kind, i) for i, kind in enumerate(kinds)]
    results = [memref(kind, f"r{i}", "f64")
               for i, kind in enumerate(re.split(split, signature[2]))]
    rows = ", ".join([*args, *results, "%i: index", "%j: index"])
    return "".join(f"func.func @{name}__{judge}({rows}) {{\n  return\n}}\n"
                   for judge in ("reference", "baseline")) + (
        f"func.func @{name}__flops({', '.join(args)}) -> f64 {{\n"
        "  %zero = arith.constant 0.0 : f64\n  return %zero : f64\n}\n")


def error_of(got, want):
    """The largest, in units of what rounding the operands of the last product and
    the result may cost."""
    scale = HALF_ULP * (np.abs(want) + np.abs(want).max())
    return (np.abs(package.from_storage(got) - want) / scale).max()


class Simulator:
    def __init__(self, libraries):
        self.library = ctypes.CDLL(f"{libraries}/attn-test-device.so")
        for name in ("Open", "Allocate"):
            getattr(self.library, f"attnTest{name}").restype = ctypes.c_uint64
        self.device = ctypes.c_void_p(self.library.attnTestOpen(b"sim"))

    def send(self, array):
        """A descriptor of the array's copy on the device."""
        size = ctypes.c_uint64(array.nbytes)
        address = self.library.attnTestAllocate(self.device, size)
        if self.library.attnTestToDevice(
                self.device, ctypes.c_uint64(address),
                ctypes.c_void_p(array.ctypes.data), size) != 0:
            sys.exit("copying failed")
        return package.describe(array, data=address)

    def fetch(self, array, tensor):
        if self.library.attnTestToHost(
                self.device, ctypes.c_void_p(array.ctypes.data),
                ctypes.c_uint64(tensor.data), ctypes.c_uint64(array.nbytes)) != 0:
            sys.exit("copying failed")


def run_in_order(path, libraries, name):
    library = package.Package(path, f"{libraries}/libattnrt.so")
    simulator = Simulator(libraries)
    runs = 0
    for args, wants in CASES[name]():
        stored = [a if a.ndim < 4 else package.to_storage("bf16", a) for a in args]
        if name == "bias":
            stored[3] = args[3]
        gots = [np.full(want.shape, 0x7FC0, np.uint16) for want in wants]
        results = [simulator.send(got) for got in gots]
        library.check(library.call(name, [simulator.send(a) for a in stored],
                                   results))
        for got, result, want in zip(gots, results, wants):
            simulator.fetch(got, result)
            error = error_of(got, want)
            if not error <= 2:
                sys.exit(f"{name}: error {error} in shapes "
                         f"{[a.shape for a in args]}")
        runs += 1
    print(runs)


def run_in_all_orders(path, libraries, name):
    """How many runs agree, or why one does not."""
    runs = 0
    for order in ORDERS:
        environment = {**os.environ, "ATTNRT_DEVICE": "sim",
                       "ATTNRT_SIM_SCHEDULE": order}
        run = subprocess.run(
            [sys.executable, __file__, "--order", path, libraries, name],
            env=environment, capture_output=True, text=True)
        if run.returncode:
            return f"{order}: {run.stdout}{run.stderr}"
        runs += int(run.stdout)
    return runs


def run_without(text, whole, compiler, libraries, path, name):
    lowered = pathlib.Path(path).with_suffix(".nvvm.mlir")
    subprocess.run([compiler, whole, "--emit=nvvm", "-o", lowered], check=True)
    lines = lowered.read_text().splitlines()
    places = [i for i, line in enumerate(lines) if text in line]
    for place in places:
        lowered.write_text("\n".join(lines[:place] + lines[place + 1:]))
        subprocess.run([compiler, lowered, "-o", path], check=True)
        if isinstance(run_in_all_orders(path, libraries, name), int):
            sys.exit(f"{name}: nobody misses line {place + 1}: {lines[place]}")
    print(f"{name}: {len(places)} of {len(places)} lines are missed")


def main():
    if sys.argv[1] == "--order":
        return run_in_order(*sys.argv[2:])
    source, compiler, libraries, path, *mutation = sys.argv[1:]
    text = pathlib.Path(source).read_text()
    name = re.search(r"func\.func @(\w+)\(", text)[1]
    whole = pathlib.Path(path).with_suffix(".judged.mlir")
    whole.write_text(described(text) + judges(text, name))
    if mutation:
        return run_without(mutation[1], whole, compiler, libraries, path, name)
    target = re.search(r'target = "([\w-]+)"', text)[1]
    subprocess.run([compiler, whole, f"--target={target}", "-o", path], check=True)
    runs = run_in_all_orders(path, libraries, name)
    if not isinstance(runs, int):
        sys.exit(runs)
    print(f"{name}: {runs} runs agree with numpy")


if __name__ == "__main__":
    main()
