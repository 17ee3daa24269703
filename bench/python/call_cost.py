#===- call_cost.py - What a call costs beside the kernel -------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Times cached calls of attn_mlir.sdpa on operands so small that nothing else is
left, over calls of the package's own entry from C++. Times are those of the calling
thread on the processor, which other programs on the machine do not change.

With apache-tvm-ffi and a compiler, its call of a function that takes the same five
tensors and does nothing is timed beside the binding's.
"""

import os
import statistics
import subprocess
import tempfile
import time

import torch

from attn_mlir import ops, scaled, sdpa

EMPTY = r"""
#include <tvm/ffi/tvm_ffi.h>
using tvm::ffi::TensorView;
void call(TensorView q, TensorView k, TensorView v, TensorView o, TensorView l) {}
TVM_FFI_DLL_EXPORT_TYPED_FUNC(call, call)
"""


def microseconds(function, calls=2000, rounds=15):
    """(least, median) of a call."""
    function()
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        for _ in range(calls):
            function()
        times.append((time.thread_time() - start) / calls * 1e6)
    return min(times), statistics.median(times)


def entry_cost(function, args, results, calls=20000):
    def many():
        function.repeat(args, results, calls)
    least, median = microseconds(many, calls=1)
    return least / calls, median / calls


def tvm_ffi_cost(tensors):
    """None where there is no tvm_ffi."""
    try:
        import tvm_ffi
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, library = (os.path.join(folder, name) for name in ("f.cc", "f.so"))
        with open(source, "w", encoding="ascii") as file:
            file.write(EMPTY)
        flags = [f"-I{path}" for path in (
            tvm_ffi.libinfo.find_include_path(),
            tvm_ffi.libinfo.find_dlpack_include_path())]
        subprocess.run(["c++", "-std=c++17", "-O2", "-shared", "-fPIC", *flags,
                        source, "-o", library,
                        tvm_ffi.libinfo.find_libtvm_ffi()], check=True)
        call = tvm_ffi.load_module(library).call
        return microseconds(lambda: call(*tensors))


def main():
    torch.set_num_threads(1)
    q, k, v = (torch.randn(1, 1, 1, 8) for _ in range(3))
    output, lse = sdpa(q, k, v, is_causal=True, return_lse=True)
    program = scaled.program_of(None, "top_left", None, None, 0.0, ())
    plan = ops.plan_for(program, q, k, v, ()).compile(with_gradients=True)
    args, results = (q, k, v), (output, lse)
    lines = [("the entry, from C++", entry_cost(plan.forward, args, results)),
             ("the binding's call", microseconds(
                 lambda: plan.forward(args, results)))]
    lines.append(("sdpa", microseconds(lambda: sdpa(q, k, v, is_causal=True))))
    learned = q.clone().requires_grad_()
    lines.append(("sdpa, with autograd", microseconds(
        lambda: sdpa(learned, k, v, is_causal=True))))
    theirs = torch.nn.functional.scaled_dot_product_attention
    lines.append(("torch's, with autograd", microseconds(
        lambda: theirs(learned, k, v, is_causal=True))))
    lines.append(("tvm_ffi, an empty function", tvm_ffi_cost((*args, *results))))
    entry = lines[0][1]
    for name, cost in lines:
        if cost is None:
            print(f"{name:27} not there")
            continue
        print(f"{name:27} {cost[0]:6.2f} us  median {cost[1]:6.2f} us  "
              f"over the entry {cost[1] - entry[1]:6.2f} us")


if __name__ == "__main__":
    main()
